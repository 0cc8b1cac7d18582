import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** Longest message that is put together in one piece, in bytes; of a longer one, head and body are written apart. */
const longestMessageBytes = 32 * 1024;
/** Up to this length a text is written by hand at a fraction of what the way to the native writer costs. */
const shortText = 32;

/** A message of HTTP/1.1 whose length is known. */
export interface Message {
  /** What the head begins with. */
  readonly head: Buffer;
  /** What it ends with, in Latin-1. */
  readonly rest: string;
  readonly body: Uint8Array;
}

const memory = { bytes: Buffer.allocUnsafeSlow(longestMessageBytes) };

/**
 * Writes a message at once: what its head begins with, the rest of the head, the body (RFC 9112 section 2.1).
 *
 * The kernel nearly always takes such a write whole before `write` returns, and then its memory is free again: one
 * piece serves all messages and stays in the processor's caches. Where the kernel did not take everything, the write
 * keeps the piece and the next message gets a new one. A TLS connection encrypts later, and one that is busy or not
 * yet open waits: their messages have memory of their own.
 */
export function writeMessage(socket: Socket, { head, rest, body }: Message): void {
  const bodyStart = head.length + rest.length;
  const length = bodyStart + body.length;
  if (length > longestMessageBytes) {
    socket.cork();
    if (head.length > 0) socket.write(head);
    socket.write(rest, "latin1");
    socket.write(body);
    socket.uncork();
    return;
  }
  const isShared = socket.writableLength === 0 && !socket.connecting && !(socket instanceof TLSSocket);
  const message = isShared ? memory.bytes.subarray(0, length) : Buffer.allocUnsafe(length);
  if (head.length > 0) message.set(head, 0);
  if (rest.length > shortText) message.write(rest, head.length, "latin1");
  else for (let at = 0; at < rest.length; at++) message[head.length + at] = rest.charCodeAt(at);
  message.set(body, bodyStart);
  socket.write(message);
  if (isShared && socket.writableLength > 0) memory.bytes = Buffer.allocUnsafeSlow(longestMessageBytes);
}

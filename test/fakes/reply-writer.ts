import type { Socket } from "node:net";
import type { Exchange } from "./http-exchange.ts";
import type { Reply } from "./reply.ts";
import { encodeReply } from "./reply-wire.ts";

/** Sends replies over one socket, one at a time, and stops the moment the socket is gone. */
export type ReplyWriter = {
  /** Sends one reply. Settles with whether the connection can serve another. */
  send(reply: Reply, exchange: Exchange): Promise<boolean>;
};

/** A reset throws away what is still on its way, so the client gets this long to read what was sent before it. */
const resetGraceMs = 5;

export function createReplyWriter(socket: Socket): ReplyWriter {
  let isGone = false;
  // There is one waiter at most: the writer sleeps, waits for room, or hangs.
  let wake: (() => void) | undefined;
  const pause = async (ms?: number): Promise<void> => {
    if (isGone) return;
    const pausing = Promise.withResolvers<void>();
    wake = pausing.resolve;
    // A timer of 0 ms takes a whole millisecond, which would make a drip of bytes slow.
    if (ms === 0) setImmediate(pausing.resolve);
    const timer = ms === undefined || ms === 0 ? undefined : setTimeout(pausing.resolve, ms);
    await pausing.promise;
    clearTimeout(timer);
  };
  socket.on("drain", () => wake?.());
  socket.on("close", () => {
    isGone = true;
    wake?.();
  });

  const write = async (bytes: Uint8Array, exchange: Exchange): Promise<void> => {
    exchange.addSent(bytes.byteLength);
    if (!socket.write(bytes)) await pause();
  };
  const drip = async (bytes: Uint8Array, reply: Reply, exchange: Exchange): Promise<void> => {
    const step = reply.drip?.bytes ?? bytes.byteLength;
    for (let at = 0; at < bytes.byteLength && !isGone; at += step) {
      await write(bytes.subarray(at, at + step), exchange);
      // Even 0 ms lets the loop turn, so that each write leaves as a segment of its own.
      await pause(reply.drip?.intervalMs ?? 0);
    }
  };

  const leave = async (how: "reset" | "close", exchange: Exchange): Promise<void> => {
    if (how === "reset" && exchange.request.sentBytes > 0) await pause(resetGraceMs);
    if (isGone) return;
    exchange.end(false);
    if (how === "reset") socket.resetAndDestroy();
    else socket.end();
  };
  const send = async (reply: Reply, exchange: Exchange): Promise<boolean> => {
    for (const piece of encodeReply(reply)) {
      if (isGone) return false;
      if (piece.type === "data") {
        if (reply.drip === undefined) await write(piece.bytes, exchange);
        else await drip(piece.bytes, reply, exchange);
      } else if (piece.type === "wait") await pause(piece.ms);
      else if (piece.type === "hang") await pause();
      else {
        await leave(piece.type, exchange);
        return false;
      }
    }
    if (isGone) return false;
    exchange.end(false);
    return true;
  };
  return { send };
}

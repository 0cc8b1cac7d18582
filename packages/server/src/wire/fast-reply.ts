import { type ClientReply, formatReplyHead, type ReplyWatcher } from "./client-reply.ts";

/** What a reply needs of the connection that carries it. */
export interface ReplyCarrier {
  readonly waitingBytes: number;
  /** Whether the reply must say that the connection ends with it. */
  readonly isLast: boolean;
  write(bytes: Uint8Array): void;
  /** @param head the whole of it, in Latin-1 */
  writeMessage(head: string, body: Uint8Array): void;
  /** The reply is whole: another request may follow. */
  finish(): void;
  destroy(): void;
}

const lastChunk = Buffer.from("0\r\n\r\n");

/**
 * A reply in HTTP/1.1 on a connection of the fast lane, with a length or in chunks (RFC 9112 sections 6 and 7.1).
 * Once it has ended it does nothing any more, so that a late writer cannot reach the reply after it.
 */
export class FastReply implements ClientReply {
  #carrier: ReplyCarrier | undefined;
  #head: string | undefined;
  #isStarted = false;
  #watcher: ReplyWatcher | undefined;

  constructor(carrier: ReplyCarrier) {
    this.#carrier = carrier;
  }

  get isOpen(): boolean {
    return this.#carrier !== undefined;
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  get waitingBytes(): number {
    return this.#carrier?.waitingBytes ?? 0;
  }

  send(status: number, headers: string, body: Uint8Array): void {
    const carrier = this.#carrier;
    if (carrier === undefined || this.#isStarted) return;
    this.#isStarted = true;
    const head = `${formatReplyHead(status, headers)}${connectionLine(carrier)}content-length: ${body.length}\r\n\r\n`;
    carrier.writeMessage(head, body);
    this.#close().finish();
  }

  start(status: number, headers: string): void {
    const carrier = this.#carrier;
    if (carrier === undefined || this.#isStarted) return;
    this.#isStarted = true;
    this.#head = `${formatReplyHead(status, headers)}${connectionLine(carrier)}transfer-encoding: chunked\r\n\r\n`;
  }

  write(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const head = this.#head ?? "";
    this.#head = undefined;
    const digits = hexDigits(chunk.length);
    const dataStart = head.length + digits + 2;
    const framed = Buffer.allocUnsafe(dataStart + chunk.length + 2);
    if (head !== "") framed.write(head, 0, "latin1");
    writeSizeLine(framed, head.length + digits, chunk.length);
    framed.set(chunk, dataStart);
    framed[dataStart + chunk.length] = 0x0d;
    framed[dataStart + chunk.length + 1] = 0x0a;
    this.#carrier?.write(framed);
  }

  end(): void {
    const head = this.#head;
    if (head !== undefined) this.#carrier?.write(Buffer.from(head, "latin1"));
    this.#carrier?.write(lastChunk);
    if (this.#carrier !== undefined) this.#close().finish();
  }

  destroy(): void {
    if (this.#carrier !== undefined) this.#close().destroy();
  }

  watch(watcher: ReplyWatcher): void {
    this.#watcher = watcher;
  }

  /** The connection broke. */
  noteGone(): void {
    if (this.#carrier === undefined) return;
    const watcher = this.#watcher;
    this.#close();
    watcher?.onGone();
  }

  /** Nothing waits for the client any more. */
  noteDrain(): void {
    this.#watcher?.onDrain();
  }

  /** Lets go of the connection, which must still be there. */
  #close(): ReplyCarrier {
    const carrier = this.#carrier;
    if (carrier === undefined) throw new Error("the reply has ended already");
    this.#carrier = undefined;
    this.#head = undefined;
    this.#watcher = undefined;
    return carrier;
  }
}

function hexDigits(size: number): number {
  let digits = 1;
  for (let rest = size >>> 4; rest > 0; rest >>>= 4) digits++;
  return digits;
}

/**
 * Writes the size of a chunk before `end`, and CRLF behind that: byte by byte, which costs a fraction of the way by a text.
 */
function writeSizeLine(framed: Buffer, end: number, size: number): void {
  let at = end;
  let rest = size;
  do {
    const digit = rest & 0xf;
    framed[--at] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    rest >>>= 4;
  } while (rest > 0);
  framed[end] = 0x0d;
  framed[end + 1] = 0x0a;
}

function connectionLine({ isLast }: ReplyCarrier): string {
  return isLast ? "connection: close\r\n" : "connection: keep-alive\r\n";
}

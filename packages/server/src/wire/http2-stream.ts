import type { HeaderBlock } from "./hpack-encoder.ts";
import { Http2Error, http2Codes } from "./http2-error.ts";
import type { Http2Headers } from "./http2-headers.ts";
import type { ReceiveWindow } from "./http2-receive-window.ts";

/** How long a peer may take for the least that it has to take of a reply. */
const longestStallMs = 30_000;
const leastMovedBytes = 16 * 1024;

/** What a stream writes to: its connection. */
export interface StreamSink {
  /** Sends as much of the data as the peer has room for, and returns how much that was. */
  sendData(stream: Http2Stream, data: Uint8Array): number;
  sendHeaders(stream: Http2Stream, block: HeaderBlock, isLast: boolean): void;
  sendReset(stream: Http2Stream, code: number): void;
  /** Nothing more comes of it. */
  forget(stream: Http2Stream): void;
}

/** Who serves a stream. */
export interface StreamWatcher {
  onData(chunk: Buffer): void;
  /** The client has sent everything. */
  onEnd(): void;
  /** The peer takes what is written again. */
  onDrain(): void;
  /** The client has reset the stream, or the connection has ended: nothing can be sent any more. */
  onGone(): void;
}

/** One request of a peer and its reply. */
export class Http2Stream {
  readonly id: number;
  readonly headers: Http2Headers;
  readonly #sink: StreamSink;
  #watcher: StreamWatcher | undefined;
  /** What the peer has room for, of this stream alone. */
  sendWindow: number;
  readonly receiveWindow: ReceiveWindow;
  #receivedBytes = 0;
  hasEnded = false;
  hasSentHeaders = false;
  #hasSentEnd = false;
  #isGone = false;
  #waiting: Uint8Array[] = [];
  #trailers: HeaderBlock | undefined;
  #isStuck = false;
  /** Since when what waits has not moved, as far as that was looked at, and what has gone out since. */
  #waitsSinceMs: number | undefined;
  #movedBytes = 0;

  constructor(
    {
      id,
      headers,
      sendWindow,
      receiveWindow,
    }: Pick<Http2Stream, "id" | "headers" | "sendWindow" | "receiveWindow">,
    sink: StreamSink,
  ) {
    this.id = id;
    this.headers = headers;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
    this.#sink = sink;
  }

  /** Whether a reply can be sent, or its rest. */
  get isOpen(): boolean {
    return !this.#isGone && !this.#hasSentEnd && this.#trailers === undefined;
  }

  /** Whether something waits for room at the peer. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether what waits has hardly moved for half a minute. It is known as well as it is asked for. */
  isStalled(nowMs: number): boolean {
    if (!this.isWaiting || this.#movedBytes >= leastMovedBytes) this.#waitsSinceMs = undefined;
    if (this.#waitsSinceMs === undefined) {
      this.#waitsSinceMs = nowMs;
      this.#movedBytes = 0;
    }
    return nowMs - this.#waitsSinceMs > longestStallMs;
  }

  watch(watcher: StreamWatcher): void {
    this.#watcher = watcher;
  }

  /** Begins the reply, or with `isLast` is all of it. */
  respond(block: HeaderBlock, isLast: boolean): void {
    if (!this.isOpen) return;
    this.hasSentHeaders = true;
    this.#sink.sendHeaders(this, block, isLast);
    if (isLast) this.#end();
  }

  /** Sends, or keeps what the peer has no room for; then it returns false, and `onDrain` tells when to go on. */
  write(data: Uint8Array): boolean {
    if (!this.isOpen) return true;
    this.#send(data);
    if (this.#waiting.length === 0) return true;
    this.#isStuck = true;
    return false;
  }

  /** Ends the reply behind all that was written. */
  end(trailers: HeaderBlock): void {
    if (!this.isOpen) return;
    this.#trailers = trailers;
    this.#finish();
  }

  /** Breaks the stream off; its watcher hears no more. */
  reset(code: number): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#waiting = [];
    this.#sink.sendReset(this, code);
  }

  /** Has the rest sent as far as there is room. */
  resume(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const data of waiting) this.#send(data);
    if (this.#waiting.length > 0) return;
    this.#finish();
    if (!this.#isStuck) return;
    this.#isStuck = false;
    this.#watcher?.onDrain();
  }

  takeData(chunk: Buffer): void {
    this.#receivedBytes += chunk.length;
    if (this.isOpen) this.#watcher?.onData(chunk);
  }

  /** Throws Http2Error for a body that is not as long as was announced. */
  takeEnd(): void {
    this.hasEnded = true;
    const announced = this.headers["content-length"];
    if (announced !== undefined && announced !== String(this.#receivedBytes))
      throw new Http2Error(http2Codes.PROTOCOL_ERROR, "a body has another length than announced", this.id);
    if (this.isOpen) this.#watcher?.onEnd();
  }

  takeGone(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#waiting = [];
    this.#watcher?.onGone();
  }

  #send(data: Uint8Array): void {
    const sent = this.#waiting.length > 0 ? 0 : this.#sink.sendData(this, data);
    this.#movedBytes += sent;
    if (sent < data.length) this.#waiting.push(data.subarray(sent));
  }

  #finish(): void {
    if (this.#trailers === undefined || this.#hasSentEnd || this.#waiting.length > 0 || this.#isGone) return;
    this.#sink.sendHeaders(this, this.#trailers, true);
    this.#end();
  }

  /** A peer that has more to send is told that nobody reads it (RFC 9113 section 8.1). */
  #end(): void {
    this.#hasSentEnd = true;
    if (this.hasEnded) this.#sink.forget(this);
    else this.reset(http2Codes.NO_ERROR);
  }
}

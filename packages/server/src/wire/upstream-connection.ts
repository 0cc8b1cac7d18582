import type { Socket } from "node:net";
import type { ByteSink, PlatformError, ReplyBody } from "@llm-platform/kit";
import { bodyBuffer } from "./body-buffer.ts";
import { ChunkDecoder, ChunkFramingError } from "./chunk-decoder.ts";
import { type Message, writeMessage } from "./message-writer.ts";
import { TurnQueue } from "./turn-queue.ts";
import { type BodyFraming, type ResponseHead, ResponseHeadError } from "./response-head.ts";
import type { ResponseHeadMemo } from "./response-head-memo.ts";
import { brokenConnection, endedEarly, malformedReply, notAccepted } from "./upstream-errors.ts";
import { type ConnectionOptions, type Endpoint, openSocket } from "./upstream-socket.ts";

/** The pool of a connection. */
export interface ConnectionOwner {
  /** Reads the heads of all its connections. */
  readonly heads: ResponseHeadMemo;
  /** The exchange is over and the connection can carry another. */
  onFree(connection: UpstreamConnection): void;
  onClose(connection: UpstreamConnection): void;
}

/** How an exchange turned out, told once. */
export interface ExchangeListener {
  onHead(head: ResponseHead, body: ReplyBody): void;
  /** @param isStale the connection had carried a request before and died without a byte of this answer */
  onFailure(error: PlatformError, isStale: boolean): void;
}

/** A head longer than this is refused. */
const longestHeadBytes = 32 * 1024;
const headEnd = Buffer.from("\r\n\r\n");

/** A request on its way to the wire. */
export interface RequestParts {
  /** The head up to the value of content-length, which is written by the connection. */
  readonly head: Buffer;
  /** Further header lines, each with its end. */
  readonly lines: string;
  readonly body: Uint8Array;
}

/**
 * One HTTP/1.1 connection to an upstream, carrying one exchange at a time, without pipelining (RFC 9112 section 9.3.2).
 * Interim responses are passed over (RFC 9110 section 15.2); the body is delimited as section 6.3 of RFC 9112 says, and
 * ends early as `upstream_incomplete` (section 8) when the connection does. A connection on which anything was not as it
 * should be carries no further exchange.
 * It is also the body of the reply it carries, so that an exchange costs no further object.
 */
export class UpstreamConnection implements ReplyBody {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #areReadsTransient: boolean;
  #listener: ExchangeListener | undefined;
  #sink: ByteSink | undefined;
  #held: Buffer[] | undefined;
  #arrived: Buffer[] | undefined;
  #ending: "end" | PlatformError | undefined;
  #pendingHead: Buffer | undefined;
  #framing: BodyFraming | undefined;
  #chunks: ChunkDecoder | undefined;
  #remainingBytes = 0;
  #isReusable = false;
  #isBusy = false;
  #hasByte = false;
  #exchanges = 0;
  #connectMs = 0;
  #isPaused = false;
  /** Monotonic time at which the connection was first seen to be free; undefined before that. */
  freeSinceMs: number | undefined;

  constructor(endpoint: Endpoint, options: ConnectionOptions, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#areReadsTransient = options.areReadsTransient;
    const onRead = this.#areReadsTransient
      ? (shared: Buffer, bytes: number) => this.#onRead(shared.subarray(0, bytes))
      : (shared: Buffer, bytes: number) => this.#onArrival(shared, bytes);
    this.#socket = openSocket(endpoint, options, { onRead, room: () => this.#room() });
    this.#socket.once("error", (error) => this.#onError(error));
    this.#socket.once("end", () => this.#onEnd());
    this.#socket.once("close", () => this.#onClosed());
    this.#socket.setTimeout(options.connectTimeoutMs, () => this.#fail(notAccepted()));
    const openedAtMs = performance.now();
    this.#socket.once(endpoint.isTls ? "secureConnect" : "connect", () => {
      this.#socket.setTimeout(0);
      this.#connectMs = performance.now() - openedAtMs;
    });
  }

  /** How long it took to connect, for the exchange that it was opened for; undefined for any other. */
  get firstUseMs(): number | undefined {
    return this.#exchanges === 1 ? this.#connectMs : undefined;
  }

  /**
   * Begins an exchange. The connection must be free.
   */
  start({ head, lines, body }: RequestParts, listener: ExchangeListener): void {
    this.#isBusy = true;
    this.#listener = listener;
    this.#hasByte = false;
    this.#framing = undefined;
    this.#exchanges++;
    requests.add({ socket: this.#socket, head, rest: `${body.length}\r\n${lines}\r\n`, body });
  }

  /** Closes the connection, whatever it is doing; nobody is told but the owner. */
  destroy(): void {
    this.#listener = undefined;
    this.#sink = undefined;
    this.#held = undefined;
    this.#socket.destroy();
  }

  /** Closes the connection; a call that is in flight on it fails with `error`. */
  abort(error: PlatformError): void {
    this.#fail(error);
    this.#socket.destroy();
  }

  read(sink: ByteSink): void {
    this.#sink = sink;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) for (const chunk of held) sink.data(chunk);
    const ending = this.#ending;
    if (ending !== undefined) this.#tellEnding(sink, ending);
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  cancel(): void {
    this.destroy();
  }

  /** A piece of a stream goes on at once: it is small, it comes alone, and somebody watches it appear. */
  #onArrival(shared: Buffer, bytes: number): void {
    if (this.#arrived !== undefined) this.#arrived.push(copyOf(shared, 0, bytes));
    else if (this.#chunks !== undefined && this.#sink !== undefined) this.#onStreamBytes(shared, bytes);
    else {
      this.#arrived = [copyOf(shared, 0, bytes)];
      arrivals.add(this);
    }
  }

  /** The framing is taken off in the buffer of all reads, so that one copy of the payload is all that a piece costs. */
  #onStreamBytes(shared: Buffer, bytes: number): void {
    const chunks = this.#chunks;
    if (chunks === undefined || this.#socket.destroyed) return;
    try {
      const end = chunks.decode(shared, 0, bytes);
      const { payloadStart, payloadEnd } = chunks;
      if (payloadEnd > payloadStart) this.#sink?.data(copyOf(shared, payloadStart, payloadEnd));
      if (end >= 0) this.#finish(end === bytes);
    } catch (error) {
      this.#onMalformed(error);
    }
  }

  takeArrived(): void {
    const arrived = this.#arrived;
    if (arrived === undefined) return;
    this.#arrived = undefined;
    for (const read of arrived) this.#onRead(read);
  }

  #onRead(read: Buffer): void {
    if (!this.#isBusy) {
      // Bytes that nobody asked for: the upstream and we no longer agree on where a message ends.
      this.#socket.destroy();
      return;
    }
    this.#hasByte = true;
    try {
      if (this.#framing === undefined) this.#onHeadBytes(read);
      else this.#onBodyBytes(read, 0);
    } catch (error) {
      this.#onMalformed(error);
    }
  }

  /** Chunk framing is taken out of what is read first, and a message must not end in what is of the one before. */
  #room(): Uint8Array | undefined {
    return this.#framing?.type === "length" ? this.#sink?.room?.() : undefined;
  }

  #onMalformed(error: unknown): void {
    if (!(error instanceof ChunkFramingError || error instanceof ResponseHeadError)) throw error;
    this.#fail(malformedReply(error));
  }

  #onHeadBytes(read: Buffer): void {
    const { heads } = this.#owner;
    let bytes = this.#pendingHead === undefined ? read : Buffer.concat([this.#pendingHead, read]);
    this.#pendingHead = undefined;
    for (;;) {
      const matched = heads.match(bytes);
      if (matched >= 0 && heads.last !== undefined) {
        this.#onHead(heads.last, bytes, matched);
        return;
      }
      const end = bytes.indexOf(headEnd);
      if (end < 0 || end > longestHeadBytes) {
        if (bytes.length > longestHeadBytes) throw new ResponseHeadError("head too long");
        this.#pendingHead = this.#lasting(bytes);
        return;
      }
      const head = heads.read(bytes, end);
      const bodyStart = end + headEnd.length;
      if (head.status >= 100 && head.status < 200) {
        // An interim response (RFC 9110 section 15.2): the real one follows.
        bytes = bytes.subarray(bodyStart);
        continue;
      }
      this.#onHead(head, bytes, bodyStart);
      return;
    }
  }

  #onHead(head: ResponseHead, bytes: Buffer, bodyStart: number): void {
    const { framing } = head;
    this.#framing = framing;
    this.#isReusable = head.isReusable;
    this.#chunks = framing.type === "chunked" ? new ChunkDecoder() : undefined;
    this.#remainingBytes = framing.type === "length" ? framing.bytes : 0;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onHead(head, this);
    this.#onBodyBytes(bytes, bodyStart);
  }

  #onBodyBytes(bytes: Buffer, from: number): void {
    if (!this.#isBusy || this.#socket.destroyed) return;
    const framing = this.#framing;
    switch (framing?.type) {
      case "chunked": {
        const chunks = this.#chunks;
        if (chunks === undefined) return;
        const end = chunks.decode(bytes, from);
        const { payloadStart, payloadEnd } = chunks;
        if (payloadEnd > payloadStart) this.#deliver(bytes.subarray(payloadStart, payloadEnd));
        if (end >= 0) this.#finish(end === bytes.length);
        return;
      }
      case "length": {
        const available = bytes.length - from;
        const take = Math.min(available, this.#remainingBytes);
        this.#remainingBytes -= take;
        if (take > 0) this.#deliver(bytes.subarray(from, from + take));
        if (this.#remainingBytes === 0) this.#finish(take === available);
        return;
      }
      case "until_close":
        if (from < bytes.length) this.#deliver(bytes.subarray(from));
        return;
      default:
        this.#finish(from === bytes.length);
    }
  }

  #deliver(payload: Buffer): void {
    if (this.#sink !== undefined) this.#sink.data(payload);
    else if (this.#held === undefined) this.#held = [this.#lasting(payload)];
    else this.#held.push(this.#lasting(payload));
  }

  /** Bytes that are to outlive their read. */
  #lasting(bytes: Buffer): Buffer {
    return this.#areReadsTransient ? Buffer.from(bytes) : bytes;
  }

  /** @param isExact whether nothing came behind the message */
  #finish(isExact: boolean): void {
    const keep = this.#isReusable && isExact && !this.#socket.destroyed;
    this.#isBusy = false;
    if (!keep) this.#socket.destroy();
    const sink = this.#sink;
    if (sink === undefined) {
      // The reader has not come yet: it must find this exchange, not the next one.
      this.#ending = "end";
      return;
    }
    this.#release(keep);
    sink.end();
  }

  #tellEnding(sink: ByteSink, ending: "end" | PlatformError): void {
    this.#release(ending === "end" && !this.#socket.destroyed);
    if (ending === "end") sink.end();
    else sink.fail(ending);
  }

  #release(isKept: boolean): void {
    this.#sink = undefined;
    this.#ending = undefined;
    this.#chunks = undefined;
    this.resume();
    if (isKept) this.#owner.onFree(this);
  }

  #fail(error: PlatformError, isStale = false): void {
    if (!this.#isBusy) return;
    this.#isBusy = false;
    this.#socket.destroy();
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener !== undefined) {
      listener.onFailure(error, isStale);
      return;
    }
    const sink = this.#sink;
    this.#sink = undefined;
    if (sink !== undefined) sink.fail(error);
    else this.#ending = error;
  }

  #onError(error: NodeJS.ErrnoException): void {
    this.takeArrived();
    this.#fail(brokenConnection(error), this.#exchanges > 1 && !this.#hasByte);
  }

  #onEnd(): void {
    this.takeArrived();
    if (this.#framing?.type === "until_close" && this.#isBusy) this.#finish(true);
    else this.#onClosed();
  }

  #onClosed(): void {
    this.takeArrived();
    this.#fail(endedEarly(), this.#exchanges > 1 && !this.#hasByte);
    if (!this.#socket.destroyed) this.#socket.destroy();
    this.#owner.onClose(this);
  }
}

function copyOf(shared: Buffer, start: number, end: number): Buffer {
  const copy = bodyBuffer(end - start);
  shared.copy(copy, 0, start, end);
  return copy;
}

const arrivals = new TurnQueue<UpstreamConnection>((connection) => connection.takeArrived());

interface OutgoingRequest extends Message {
  readonly socket: Socket;
}

const requests = new TurnQueue<OutgoingRequest>((request) => {
  if (!request.socket.destroyed) writeMessage(request.socket, request);
});

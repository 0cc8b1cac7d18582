import { bodyBuffer } from "./body-buffer.ts";
import { ChunkDecoder, ChunkFramingError } from "./chunk-decoder.ts";
import { type BodyFraming, type ResponseHead, ResponseHeadError } from "./response-head.ts";
import type { ResponseHeadMemo } from "./response-head-memo.ts";
import { malformedReply } from "./upstream-errors.ts";
import { UpstreamReplyBody } from "./upstream-reply-body.ts";

/** A head longer than this is refused. */
const longestHeadBytes = 32 * 1024;
const headEnd = Buffer.from("\r\n\r\n");

/**
 * Reads the replies that a connection carries, one at a time (RFC 9112 section 2.1):
 *
 *     reply = *interim head body       head = status-line *( field-line CRLF ) CRLF, as `response-head` reads it
 *
 * Interim responses are passed over (RFC 9110 section 15.2); the body is delimited as section 6.3 of RFC 9112 says: by
 * its chunks, which `chunk-decoder` reads, by its length, or by the end of the connection. The listener is given the
 * head, then the sink the payload without its framing. What is not of this grammar fails the exchange as
 * `upstream_malformed`.
 */
export abstract class UpstreamReplyReader extends UpstreamReplyBody {
  readonly #heads: ResponseHeadMemo;
  #pendingHead: Buffer | undefined;
  #framing: BodyFraming | undefined;
  #chunks: ChunkDecoder | undefined;
  #remainingBytes = 0;
  /** Whether a byte of the reply has come. */
  protected hasByte = false;

  /** @param heads reads the heads of all connections to the server */
  constructor(heads: ResponseHeadMemo, areReadsTransient: boolean) {
    super(areReadsTransient);
    this.#heads = heads;
  }

  /** A request goes out: what comes next is the beginning of a reply. */
  protected expectReply(): void {
    this.isBusy = true;
    this.hasByte = false;
    this.#framing = undefined;
  }

  /** Whether pieces of chunks go on to a sink now: then a read may go through `readStream`. */
  protected get isStreaming(): boolean {
    return this.#chunks !== undefined && this.sink !== undefined;
  }

  /** Whether the end of the connection is the end of the body. */
  protected get endsWithConnection(): boolean {
    return this.#framing?.type === "until_close";
  }

  /** Where the next read is best put. Chunk framing is taken out of what is read first, and a message must not end in what is of the one before. */
  protected room(): Uint8Array | undefined {
    return this.#framing?.type === "length" ? this.sink?.room?.() : undefined;
  }

  /** The framing is taken off in the buffer of all reads, so that one copy of the payload is all that a piece costs. */
  protected readStream(shared: Buffer, bytes: number): void {
    const chunks = this.#chunks;
    if (chunks === undefined || this.socket.destroyed) return;
    try {
      const end = chunks.decode(shared, 0, bytes);
      const { payloadStart, payloadEnd } = chunks;
      if (payloadEnd > payloadStart) this.sink?.data(copyOf(shared, payloadStart, payloadEnd));
      if (end >= 0) this.#finishChunks(end === bytes);
    } catch (error) {
      this.#onMalformed(error);
    }
  }

  protected readBytes(read: Buffer): void {
    if (!this.isBusy) {
      // Bytes that nobody asked for: the upstream and we no longer agree on where a message ends.
      this.socket.destroy();
      return;
    }
    this.hasByte = true;
    try {
      if (this.#framing === undefined) this.#onHeadBytes(read);
      else this.#onBodyBytes(read, 0);
    } catch (error) {
      this.#onMalformed(error);
    }
  }

  #onMalformed(error: unknown): void {
    if (!(error instanceof ChunkFramingError || error instanceof ResponseHeadError)) throw error;
    this.fail(malformedReply(error));
  }

  #onHeadBytes(read: Buffer): void {
    const heads = this.#heads;
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
        this.#pendingHead = this.lasting(bytes);
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
    this.isReusable = head.isReusable;
    this.#chunks = framing.type === "chunked" ? new ChunkDecoder() : undefined;
    this.#remainingBytes = framing.type === "length" ? framing.bytes : 0;
    const listener = this.listener;
    this.listener = undefined;
    listener?.onHead(head, this);
    this.#onBodyBytes(bytes, bodyStart);
  }

  #onBodyBytes(bytes: Buffer, from: number): void {
    if (!this.isBusy || this.socket.destroyed) return;
    const framing = this.#framing;
    switch (framing?.type) {
      case "chunked": {
        const chunks = this.#chunks;
        if (chunks === undefined) return;
        const end = chunks.decode(bytes, from);
        const { payloadStart, payloadEnd } = chunks;
        if (payloadEnd > payloadStart) this.deliver(bytes.subarray(payloadStart, payloadEnd));
        if (end >= 0) this.#finishChunks(end === bytes.length);
        return;
      }
      case "length": {
        const available = bytes.length - from;
        const take = Math.min(available, this.#remainingBytes);
        this.#remainingBytes -= take;
        if (take > 0) this.deliver(bytes.subarray(from, from + take));
        if (this.#remainingBytes === 0) this.finish(take === available);
        return;
      }
      case "until_close":
        if (from < bytes.length) this.deliver(bytes.subarray(from));
        return;
      default:
        this.finish(from === bytes.length);
    }
  }

  #finishChunks(isExact: boolean): void {
    this.#chunks = undefined;
    this.finish(isExact);
  }
}

/** Bytes of a buffer that the next read overwrites. */
export function copyOf(shared: Buffer, start: number, end: number): Buffer {
  const copy = bodyBuffer(end - start);
  shared.copy(copy, 0, start, end);
  return copy;
}

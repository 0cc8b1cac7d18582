import type { Socket } from "node:net";
import { Http2Error, http2Codes } from "./http2-error.ts";
import { FrameReader } from "./http2-frame-reader.ts";
import { frameTypes, highest, toPayload } from "./http2-frames.ts";
import { Http2PeerFrames, type PeerFramesParts } from "./http2-peer-frames.ts";
import { defaultWindow, formatSettings, receiveLimits } from "./http2-settings.ts";

export interface Http2ConnectionParts extends PeerFramesParts {
  onClose(): void;
  /** This side has failed; the connection ends by it, and nothing else. */
  onFault(error: unknown): void;
}

const prefaceLimitMs = 10_000;

/**
 * A connection of a client that speaks HTTP/2 from its first byte on (RFC 9113 section 3.3), seen from the server: its
 * beginning with settings (section 3.4), its liveness (section 6.7), its end (section 6.8). Bytes are cut into frames by
 * `FrameReader`; what these mean is `Http2PeerFrames`'s, what goes out `Http2Output`'s.
 */
export class Http2Connection extends Http2PeerFrames {
  readonly socket: Socket;
  readonly #parts: Http2ConnectionParts;
  readonly #reader = new FrameReader((type, frame) => this.takeFrame(type, frame));
  readonly #prefaceTimer: NodeJS.Timeout;

  constructor(parts: Http2ConnectionParts) {
    super(parts);
    const { socket, maxConcurrentStreams } = parts;
    this.#parts = parts;
    this.socket = socket;
    this.#prefaceTimer = setTimeout(() => socket.destroy(), prefaceLimitMs);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.output.resume(this.streams.list()));
    socket.on("error", () => socket.destroy());
    socket.once("end", () => socket.end());
    socket.once("close", () => this.#close());
    const settings = formatSettings(maxConcurrentStreams);
    this.output.control({ type: frameTypes.SETTINGS, flags: 0, streamId: 0 }, settings);
    this.returnWindow(0, receiveLimits.connectionWindow - defaultWindow);
  }

  get isOver(): boolean {
    return this.hasEnded;
  }

  get streamCount(): number {
    return this.streams.size;
  }

  /** Asks the peer whether it is there. */
  ping(): void {
    this.output.control({ type: frameTypes.PING, flags: 0, streamId: 0 }, toPayload(0, 0));
  }

  /** Tells the peer that new requests belong elsewhere. What it sends until it has heard is still served. */
  announceEnd(): void {
    this.output.control({ type: frameTypes.GOAWAY, flags: 0, streamId: 0 }, toPayload(highest, 0));
  }

  /** Serves what has begun, and nothing else; then the connection ends. */
  finish(code: number = http2Codes.NO_ERROR, reason = ""): void {
    if (this.hasEnded || this.servedUpTo !== highest) return;
    this.servedUpTo = this.lastId;
    this.#goAway(code, reason);
    if (this.streams.size === 0) this.endSocket();
  }

  /** Gives up replies of which nothing is taken: what waits of them is held in memory. To be asked every now and then. */
  endStalled(nowMs: number): void {
    for (const stream of this.streams.list())
      if (stream.isStalled(nowMs)) this.end(stream, http2Codes.CANCEL);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #goAway(code: number, reason: string): void {
    const payload = Buffer.concat([toPayload(this.lastId, code), Buffer.from(reason)]);
    this.output.control({ type: frameTypes.GOAWAY, flags: 0, streamId: 0 }, payload);
  }

  #read(chunk: Buffer): void {
    if (this.hasEnded) return;
    try {
      this.#reader.read(chunk);
      if (this.#reader.hasPreface) clearTimeout(this.#prefaceTimer);
    } catch (error) {
      if (!(error instanceof Http2Error)) this.#parts.onFault(error);
      this.#fail(
        error instanceof Http2Error ? error : new Http2Error(http2Codes.INTERNAL_ERROR, "the server failed"),
      );
    }
  }

  #fail({ code, message }: Http2Error): void {
    this.#goAway(code, message);
    this.hasEnded = true;
    this.endSocket();
  }

  protected endSocket(): void {
    this.output.flush();
    this.socket.destroySoon();
  }

  #close(): void {
    this.hasEnded = true;
    clearTimeout(this.#prefaceTimer);
    for (const stream of this.streams.list()) stream.takeGone();
    this.streams.clear();
    this.#parts.onClose();
  }
}

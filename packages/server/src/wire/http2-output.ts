import type { Socket } from "node:net";
import type { HeaderBlock } from "./hpack-encoder.ts";
import { Http2Error, http2Codes } from "./http2-error.ts";
import {
  type FrameHead,
  frameFlags,
  frameHeadBytes,
  frameTypes,
  highest,
  maxFrameBytes,
  toFrameBytes,
  toPayload,
  writeFrameHead,
} from "./http2-frames.ts";
import { defaultWindow } from "./http2-settings.ts";
import type { Http2Stream, StreamSink } from "./http2-stream.ts";

export interface Http2OutputParts {
  readonly socket: Socket;
  onStreamEnd(stream: Http2Stream): void;
  /** Data has gone out. */
  onData(): void;
}

/** A peer that asks and asks, and does not read what it is answered, is left. */
const mostUnreadBytes = 4 * 1024 * 1024;
/** Up to this size it is cheaper to join what is written than to hand it on in pieces. */
const joinedBytes = 64 * 1024;

/**
 * Writes what goes out over a connection: frames (RFC 9113 section 4.1) of one turn together, data as far as the peer has
 * room (section 5.2). A header block is one HEADERS frame and as many of CONTINUATION as it takes (section 4.3).
 */
export class Http2Output implements StreamSink {
  readonly #parts: Http2OutputParts;
  #frames: Uint8Array[] = [];
  #bytes = 0;
  #isScheduled = false;
  #window = defaultWindow;
  /** What a new stream has room for at the peer. */
  peerWindow = defaultWindow;
  readonly #onTurnEnd = () => {
    this.#isScheduled = false;
    this.flush();
  };

  constructor(parts: Http2OutputParts) {
    this.#parts = parts;
  }

  control(head: FrameHead, payload: Uint8Array): void {
    const { socket } = this.#parts;
    if (socket.writableLength > mostUnreadBytes) socket.destroy();
    else this.#push(toFrameBytes(head, payload));
  }

  sendHeaders(stream: Http2Stream, block: HeaderBlock, isLast: boolean): void {
    const last = isLast ? frameFlags.END_STREAM : 0;
    for (let at = 0; at === 0 || at < block.length; at += maxFrameBytes) {
      const length = Math.min(maxFrameBytes, block.length - at);
      const end = at + length === block.length ? frameFlags.END_HEADERS : 0;
      const type = at === 0 ? frameTypes.HEADERS : frameTypes.CONTINUATION;
      const frame = Buffer.allocUnsafe(frameHeadBytes + length);
      writeFrameHead(frame, { type, flags: end | (at === 0 ? last : 0), streamId: stream.id }, length);
      frame.write(length === block.length ? block : block.slice(at, at + length), frameHeadBytes, "latin1");
      this.#push(frame);
    }
  }

  sendData(stream: Http2Stream, data: Uint8Array): number {
    if (this.#parts.socket.writableNeedDrain) return 0;
    const room = Math.max(0, Math.min(data.length, stream.sendWindow, this.#window));
    for (let at = 0; at < room; at += maxFrameBytes) {
      const end = Math.min(room, at + maxFrameBytes);
      const part = at === 0 && end === data.length ? data : data.subarray(at, end);
      const head = Buffer.allocUnsafe(frameHeadBytes);
      writeFrameHead(head, { type: frameTypes.DATA, flags: 0, streamId: stream.id }, part.length);
      this.#push(head);
      this.#push(part);
    }
    stream.sendWindow -= room;
    this.#window -= room;
    if (room > 0) this.#parts.onData();
    return room;
  }

  sendReset(stream: Http2Stream, code: number): void {
    this.resetUnknown(stream.id, code);
    this.#parts.onStreamEnd(stream);
  }

  resetUnknown(streamId: number, code: number): void {
    this.control({ type: frameTypes.RST_STREAM, flags: 0, streamId }, toPayload(code));
  }

  forget(stream: Http2Stream): void {
    this.#parts.onStreamEnd(stream);
  }

  /** What new streams have room for at the peer, and by as much those that are open. */
  setPeerWindow(bytes: number, streams: readonly Http2Stream[]): void {
    const change = bytes - this.peerWindow;
    this.peerWindow = bytes;
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > highest) throw tooWide();
      if (stream.isWaiting) stream.resume();
    }
  }

  growConnection(bytes: number, streams: readonly Http2Stream[]): void {
    this.#window += bytes;
    if (this.#window > highest) throw tooWide();
    this.resume(streams);
  }

  grow(stream: Http2Stream, bytes: number): void {
    stream.sendWindow += bytes;
    if (stream.sendWindow > highest) throw tooWide(stream.id);
    if (stream.isWaiting) stream.resume();
  }

  /** Has sent what waited. */
  resume(streams: readonly Http2Stream[]): void {
    for (const stream of streams) if (stream.isWaiting) stream.resume();
  }

  flush(): void {
    const frames = this.#frames;
    const { socket } = this.#parts;
    if (frames.length === 0) return;
    const bytes = this.#bytes;
    this.#frames = [];
    this.#bytes = 0;
    if (socket.destroyed || !socket.writable) return;
    const [only] = frames;
    if (frames.length === 1 && only !== undefined) socket.write(only);
    else if (bytes <= joinedBytes) socket.write(Buffer.concat(frames, bytes));
    else {
      socket.cork();
      for (const frame of frames) socket.write(frame);
      socket.uncork();
    }
  }

  #push(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#onTurnEnd);
  }
}

function tooWide(streamId?: number): Http2Error {
  return new Http2Error(http2Codes.FLOW_CONTROL_ERROR, "a window is wider than it may be", streamId);
}

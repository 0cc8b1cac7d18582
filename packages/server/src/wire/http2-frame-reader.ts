import { Http2Error, http2Codes, protocolError, sizeError } from "./http2-error.ts";
import { frameFlags, frameHeadBytes, highest, maxFrameBytes, preface } from "./http2-frames.ts";

export interface Frame {
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/**
 * Cuts what a client sends into frames (RFC 9113 sections 3.4 and 4.1), and hands these over one by one:
 *
 *     input = preface *frame       frame = length type flags stream-id payload    ; of 3, 1, 1, 4 and `length` bytes
 */
export class FrameReader {
  readonly #onFrame: (type: number, frame: Frame) => void;
  #rest: Buffer | undefined;
  hasPreface = false;

  constructor(onFrame: (type: number, frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** Throws Http2Error for what is no HTTP/2, and for a frame that is larger than it may be. */
  read(chunk: Buffer): void {
    let input = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    if (!this.hasPreface) {
      const seen = Math.min(input.length, preface.length);
      if (input.compare(preface, 0, seen, 0, seen) !== 0) throw protocolError("this port speaks HTTP/2 only");
      if (seen < preface.length) {
        this.#rest = input;
        return;
      }
      this.hasPreface = true;
      input = input.subarray(preface.length);
    }
    this.#readFrames(input);
  }

  #readFrames(input: Buffer): void {
    let at = 0;
    while (input.length - at >= frameHeadBytes) {
      const length = input.readUIntBE(at, 3);
      if (length > maxFrameBytes) throw new Http2Error(http2Codes.FRAME_SIZE_ERROR, "a frame is too large");
      const end = at + frameHeadBytes + length;
      if (end > input.length) break;
      this.#onFrame(input[at + 3] ?? 0, {
        flags: input[at + 4] ?? 0,
        streamId: input.readUInt32BE(at + 5) & highest,
        payload: input.subarray(at + frameHeadBytes, end),
      });
      at = end;
    }
    if (at < input.length) this.#rest = input.subarray(at);
  }
}

/** What a frame carries, without its padding (RFC 9113 section 6.1): `[ length ] data padding`. Throws Http2Error. */
export function unpad(flags: number, payload: Buffer): Buffer {
  if ((flags & frameFlags.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined) throw sizeError();
  if (padding >= payload.length) throw protocolError("the padding is longer than the frame");
  return payload.subarray(1, payload.length - padding);
}

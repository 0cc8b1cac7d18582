import { Http2Error, http2Codes } from "./http2-error.ts";

/** What a peer may send that asks for nothing: frames without content, settings, priorities. Each request adds to it. */
const idleFrameBudget = 1_000;
const idleFramesPerStream = 20;
/** Streams that a peer may reset at once, and in a second (as Node's own). */
const resetBurst = 1_000;
const resetsPerSecond = 33;

/** Counts what costs more here than at the peer. */
export class PeerBudget {
  #idleFrames = idleFrameBudget;
  #resetsLeft = resetBurst;
  #resetsAtMs: number | undefined;

  /** A request has come. */
  earn(): void {
    this.#idleFrames = Math.min(idleFrameBudget, this.#idleFrames + idleFramesPerStream);
  }

  /** Counts a frame that asks for nothing. Throws Http2Error. */
  spend(): void {
    this.#idleFrames--;
    if (this.#idleFrames < 0)
      throw new Http2Error(http2Codes.ENHANCE_YOUR_CALM, "too many frames come that ask for nothing");
  }

  /** Counts a stream that was begun to be given up (CVE-2023-44487). Throws Http2Error. */
  countReset(nowMs: number): void {
    const earned = ((nowMs - (this.#resetsAtMs ?? nowMs)) / 1_000) * resetsPerSecond;
    this.#resetsLeft = Math.min(resetBurst, this.#resetsLeft + earned) - 1;
    this.#resetsAtMs = nowMs;
    if (this.#resetsLeft < 0)
      throw new Http2Error(http2Codes.ENHANCE_YOUR_CALM, "too many streams are reset");
  }
}

import { TokenBucket } from "../core/token-bucket.ts";
import { Http2Error, http2Codes } from "./http2-error.ts";

/** What a peer may send that asks for nothing: frames without content, settings, priorities. Each request adds to it. */
const idleFrameBudget = 1_000;
const idleFramesPerStream = 20;
/** Streams that a peer may reset at once, and in a second (as Node's own). */
const resetRate = { burst: 1_000, perSecond: 33 };
/** Pings likewise. Clients that measure how fast they can be sent to ask for one with each piece of data. */
const pingRate = { burst: 1_000, perSecond: 10 };
/** Windows that a peer may widen without being sent anything, and for each frame of data (as Envoy's bound). */
const windowBudget = 1_000;
const windowsPerData = 10;

/** Counts frames that cost more here than at the peer (RFC 9113 section 10.5). Too many end the connection. */
export class PeerBudget {
  #idleFrames = idleFrameBudget;
  #windows = windowBudget;
  readonly #resets = new TokenBucket(resetRate);
  readonly #pings = new TokenBucket(pingRate);

  /** A request has come. */
  earn(): void {
    this.#idleFrames = Math.min(idleFrameBudget, this.#idleFrames + idleFramesPerStream);
    this.earnWindows();
  }

  /** Data has been sent. */
  earnWindows(): void {
    this.#windows = Math.min(windowBudget, this.#windows + windowsPerData);
    this.#pings.add(1);
  }

  /** Counts a frame that asks for nothing. Throws Http2Error. */
  spend(): void {
    this.#idleFrames--;
    if (this.#idleFrames < 0) throw tooMuch("too many frames come that ask for nothing");
  }

  /** Counts a window that is widened, of which each can be by one byte (CVE-2019-9511, CVE-2019-9517). Throws Http2Error. */
  countWindow(): void {
    this.#windows--;
    if (this.#windows < 0) throw tooMuch("windows are widened too often");
  }

  /** Counts a ping (CVE-2019-9512). Throws Http2Error. */
  countPing(nowMs: number): void {
    if (!this.#pings.take(nowMs)) throw tooMuch("too many pings come");
  }

  /** Counts a stream that was begun to be given up (CVE-2023-44487). Throws Http2Error. */
  countReset(nowMs: number): void {
    if (!this.#resets.take(nowMs)) throw tooMuch("too many streams are reset");
  }
}

function tooMuch(message: string): Http2Error {
  return new Http2Error(http2Codes.ENHANCE_YOUR_CALM, message);
}

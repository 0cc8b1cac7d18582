interface TokenBucketRate {
  /** What may be taken at once. */
  readonly burst: number;
  /** What comes back. */
  readonly perSecond: number;
}

/** A bound on how often something may happen: so often at once, and so often a second for as long as it goes on. */
export class TokenBucket {
  readonly #rate: TokenBucketRate;
  #left: number;
  #atMs: number | undefined;

  constructor(rate: TokenBucketRate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** Takes one, and says whether there was one. @param nowMs the monotonic time in milliseconds */
  take(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    const back = ((nowMs - (this.#atMs ?? nowMs)) / 1_000) * perSecond;
    this.#atMs = nowMs;
    this.#left = Math.min(burst, this.#left + back);
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Gives some back before their time. */
  add(count: number): void {
    this.#left = Math.min(this.#rate.burst, this.#left + count);
  }
}

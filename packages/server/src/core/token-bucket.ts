/** What a bucket says of one call. */
export interface BucketVerdict {
  readonly isAllowed: boolean;
  readonly limit: number;
  /** Calls left now. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
  /** Until the next call is allowed; 0 when one is. */
  readonly retryAfterMs: number;
}

/** Allows `perMinute` calls a minute, as many at once. Time is an argument. */
export class TokenBucket {
  readonly #perMinute: number;
  #tokens: number;
  #atMs: number;

  constructor(perMinute: number, nowMs: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute;
    this.#atMs = nowMs;
  }

  /** Takes one call when there is one. */
  take(nowMs: number): BucketVerdict {
    const perMs = this.#perMinute / 60_000;
    this.#tokens = Math.min(this.#perMinute, this.#tokens + Math.max(0, nowMs - this.#atMs) * perMs);
    this.#atMs = nowMs;
    const isAllowed = this.#tokens >= 1;
    if (isAllowed) this.#tokens--;
    return {
      isAllowed,
      limit: this.#perMinute,
      remaining: Math.floor(this.#tokens),
      resetMs: Math.ceil((this.#perMinute - this.#tokens) / perMs),
      retryAfterMs: isAllowed ? 0 : Math.ceil((1 - this.#tokens) / perMs),
    };
  }
}

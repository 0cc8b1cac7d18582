/** What is left of something that is counted by the minute. */
export interface Quota {
  readonly limit: number;
  /** What can be had now; 0 in debt. */
  readonly remaining: number;
  /** Until all of it is there again. */
  readonly resetMs: number;
}

const minuteMs = 60_000;
/** What additions of fractions may be off by: who waits as long as he was told must find what he waited for. */
const tolerance = 1e-6;

/** Holds what one minute brings, and refills as fast. Time is an argument, and never runs backwards in here. */
export class TokenBucket {
  #perMinute: number;
  #left: number;
  #atMs: number;

  constructor(perMinute: number, nowMs: number) {
    this.#perMinute = perMinute;
    this.#left = perMinute;
    this.#atMs = nowMs;
  }

  /** What is really taken for an amount: who wants more than the bucket holds waits for a full one, not forever. */
  fit(amount: number): number {
    return Math.min(amount, this.#perMinute);
  }

  /** Until so much can be taken; 0 when it can now. */
  waitMs(amount: number, nowMs: number): number {
    this.#refill(nowMs);
    const missing = amount - this.#left;
    return missing <= tolerance ? 0 : Math.ceil((missing * minuteMs) / this.#perMinute);
  }

  /** Takes so much, whether it is there or not: what is not there is a debt, which refills first. */
  take(amount: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#left -= amount;
  }

  /** Puts back what was taken and not used. */
  giveBack(amount: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#left = Math.min(this.#perMinute, this.#left + amount);
  }

  quota(nowMs: number): Quota {
    this.#refill(nowMs);
    return {
      limit: this.#perMinute,
      remaining: Math.max(0, Math.floor(this.#left + tolerance)),
      resetMs: Math.ceil(((this.#perMinute - this.#left) * minuteMs) / this.#perMinute),
    };
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#left >= this.#perMinute - tolerance;
  }

  /** Another limit from now on, of which the same share is left. */
  resize(perMinute: number, nowMs: number): void {
    if (perMinute === this.#perMinute) return;
    this.#refill(nowMs);
    this.#left *= perMinute / this.#perMinute;
    this.#perMinute = perMinute;
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#atMs) return;
    this.#left = Math.min(this.#perMinute, this.#left + ((nowMs - this.#atMs) * this.#perMinute) / minuteMs);
    this.#atMs = nowMs;
  }
}

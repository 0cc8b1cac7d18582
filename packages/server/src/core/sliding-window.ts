/** What is left of something that is counted by the minute. */
export interface Quota {
  readonly limit: number;
  /** What can be had now; 0 in debt. */
  readonly remaining: number;
  /** Until all of it is there again. */
  readonly resetMs: number;
}

export const minuteMs = 60_000;
/** What is taken within this part of a window is kept as one entry, and comes back as one. */
const parts = 60;
/** Numbers of one entry: when its first amount was taken, when its last, and how much in all. */
const entrySize = 3;

/**
 * Lets through at most the limit within any stretch of time as long as the window: what was taken comes back when a
 * window has passed, a sixtieth of it late at most. What is taken beyond the limit is a debt, which is worked off at the
 * rate of the limit before anything else comes back. Time is an argument.
 *
 * `sharing/exchange-script` counts by the same rule in Redis; a test holds the two together.
 */
export class SlidingWindow {
  readonly #windowMs: number;
  #limit: number;
  /** Entries one after another, the oldest first. */
  #entries: number[] = [];
  #used = 0;
  /** Of what was used, the part that was beyond the limit. */
  #debt = 0;
  #debtEndsMs = 0;

  constructor(limit: number, windowMs = minuteMs) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** What is really taken for an amount: who wants more than the limit waits for all of it, not forever. */
  fit(amount: number): number {
    return Math.min(amount, this.#limit);
  }

  /** What counts now. */
  used(nowMs: number): number {
    this.#forget(nowMs);
    return this.#used;
  }

  /** Until so much can be taken; 0 when it can now. */
  waitMs(amount: number, nowMs: number): number {
    this.#forget(nowMs);
    let missing = this.#used + amount - this.#limit;
    if (missing <= 0) return 0;
    let debt = this.#debt;
    for (let at = 0; at < this.#entries.length; at += entrySize) {
      const endsMs = this.#endOf(at);
      if (debt > 0 && this.#debtEndsMs <= endsMs) {
        missing -= debt;
        debt = 0;
        if (missing <= 0) return Math.ceil(this.#debtEndsMs - nowMs);
      }
      missing -= this.#entries[at + 2] ?? 0;
      if (missing <= 0) return Math.ceil(endsMs - nowMs);
    }
    return Math.ceil(this.#debtEndsMs - nowMs);
  }

  /** Takes so much, whether it is there or not. */
  take(amount: number, nowMs: number): void {
    this.#forget(nowMs);
    const inLimit = Math.min(amount, Math.max(0, this.#limit - this.#used));
    this.#used += amount;
    if (inLimit > 0) this.#note(inLimit, nowMs);
    if (inLimit === amount) return;
    this.#debt += amount - inLimit;
    const periods = 1 + (this.#used - this.#limit) / this.#limit;
    this.#debtEndsMs = Math.max(this.#debtEndsMs, nowMs + Math.ceil(this.#windowMs * periods));
  }

  /** Puts back what was taken at a time, and not used. What does not count any more does not come back. */
  giveBack(amount: number, takenAtMs: number, nowMs: number): void {
    this.#forget(nowMs);
    let left = amount;
    for (let at = this.#entries.length - entrySize; at >= 0 && left > 0; at -= entrySize) {
      if ((this.#entries[at] ?? 0) > takenAtMs) continue;
      const part = Math.min(left, this.#entries[at + 2] ?? 0);
      this.#entries[at + 2] = (this.#entries[at + 2] ?? 0) - part;
      this.#used -= part;
      left -= part;
    }
    if (takenAtMs + this.#windowMs <= nowMs) return;
    const ofDebt = Math.min(left, this.#debt);
    this.#debt -= ofDebt;
    this.#used -= ofDebt;
  }

  quota(nowMs: number): Quota {
    this.#forget(nowMs);
    const last = this.#entries.length - entrySize;
    const endMs = Math.max(last < 0 ? nowMs : this.#endOf(last), this.#debt > 0 ? this.#debtEndsMs : nowMs);
    return {
      limit: this.#limit,
      remaining: Math.max(0, Math.floor(this.#limit - this.#used)),
      resetMs: this.#used > 0 ? Math.ceil(endMs - nowMs) : 0,
    };
  }

  /** Another limit from now on; what was used counts against it. */
  resize(limit: number): void {
    this.#limit = limit;
  }

  #note(amount: number, nowMs: number): void {
    const last = this.#entries.length - entrySize;
    if (last >= 0 && nowMs - (this.#entries[last] ?? 0) < this.#windowMs / parts) {
      this.#entries[last + 1] = nowMs;
      this.#entries[last + 2] = (this.#entries[last + 2] ?? 0) + amount;
    } else this.#entries.push(nowMs, nowMs, amount);
  }

  #endOf(at: number): number {
    return (this.#entries[at + 1] ?? 0) + this.#windowMs;
  }

  #forget(nowMs: number): void {
    let over = 0;
    while (over < this.#entries.length && this.#endOf(over) <= nowMs) {
      this.#used -= this.#entries[over + 2] ?? 0;
      over += entrySize;
    }
    if (over > 0) this.#entries.splice(0, over);
    if (this.#debt === 0 || this.#debtEndsMs > nowMs) return;
    this.#used -= this.#debt;
    this.#debt = 0;
  }
}

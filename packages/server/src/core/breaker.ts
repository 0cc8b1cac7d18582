/** When a breaker opens, and for how long. Times in milliseconds. */
export interface BreakerSettings {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** It also opens when more than half of at least this many calls in `windowMs` failed. */
  readonly windowCalls: number;
  readonly windowMs: number;
  /** First time it stays open; each further time in a row is that much longer again. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** While open, one call is let through this often once `openMs` has passed. */
  readonly probeEveryMs: number;
}

export const defaultBreakerSettings: BreakerSettings = {
  failures: 5,
  windowCalls: 20,
  windowMs: 10_000,
  openMs: 30_000,
  maxOpenMs: 300_000,
  probeEveryMs: 1_000,
};

export type BreakerState = "closed" | "half_open" | "open";

/** Keeps calls away from a target that fails. Time is an argument: it holds no clock. */
export class Breaker {
  readonly #settings: BreakerSettings;
  #failuresInRow = 0;
  #windowStartMs = 0;
  #windowCalls = 0;
  #windowFailures = 0;
  #openUntilMs = 0;
  #timesOpened = 0;
  #lastProbeMs = Number.NEGATIVE_INFINITY;
  #isOpen = false;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
  }

  state(nowMs: number): BreakerState {
    if (!this.#isOpen) return "closed";
    return nowMs >= this.#openUntilMs ? "half_open" : "open";
  }

  /** Whether a call may go now. While half open it says yes once each `probeEveryMs`. */
  allows(nowMs: number): boolean {
    if (!this.#isOpen) return true;
    if (nowMs < this.#openUntilMs || nowMs - this.#lastProbeMs < this.#settings.probeEveryMs) return false;
    this.#lastProbeMs = nowMs;
    return true;
  }

  /** Milliseconds until a call may go at the earliest, 0 when one may go now. */
  waitMs(nowMs: number): number {
    if (!this.#isOpen) return 0;
    return Math.max(0, this.#openUntilMs - nowMs, this.#lastProbeMs + this.#settings.probeEveryMs - nowMs);
  }

  /** How bad the target is, for choosing the least bad of several that are open. */
  get badness(): number {
    return this.#openUntilMs;
  }

  succeed(nowMs: number): void {
    this.#failuresInRow = 0;
    this.#isOpen = false;
    this.#timesOpened = 0;
    this.#count(nowMs, false);
  }

  fail(nowMs: number): void {
    this.#failuresInRow++;
    this.#count(nowMs, true);
    const { failures, windowCalls } = this.#settings;
    const isRateBad = this.#windowCalls >= windowCalls && this.#windowFailures * 2 > this.#windowCalls;
    if (this.#isOpen ? nowMs >= this.#openUntilMs : this.#failuresInRow >= failures || isRateBad)
      this.#open(nowMs);
  }

  #open(nowMs: number): void {
    const { openMs, maxOpenMs } = this.#settings;
    this.#isOpen = true;
    this.#timesOpened++;
    this.#openUntilMs = nowMs + Math.min(maxOpenMs, openMs * this.#timesOpened);
    this.#windowCalls = 0;
    this.#windowFailures = 0;
  }

  #count(nowMs: number, isFailure: boolean): void {
    if (nowMs - this.#windowStartMs > this.#settings.windowMs) {
      this.#windowStartMs = nowMs;
      this.#windowCalls = 0;
      this.#windowFailures = 0;
    }
    this.#windowCalls++;
    if (isFailure) this.#windowFailures++;
  }
}

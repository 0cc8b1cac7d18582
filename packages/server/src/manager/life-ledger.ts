import { mayRestart, restartsInWindow } from "../core/lifecycle.ts";

/** What is counted about one integration: failures in a row and restarts. */
export class LifeLedger {
  /** Failed probes in a row. */
  failedProbes = 0;
  /** Failed starts in a row. */
  failedStarts = 0;
  #restartTimesMs: readonly number[] = [];
  #restartsTotal = 0;

  get restartsTotal(): number {
    return this.#restartsTotal;
  }

  restartsInWindow(nowMs: number): number {
    return restartsInWindow(this.#restartTimesMs, nowMs).length;
  }

  /** Counts a restart that the platform makes by itself; false when there have been too many. */
  takeRestart(nowMs: number): boolean {
    if (!mayRestart(this.#restartTimesMs, nowMs)) return false;
    this.#restartTimesMs = [...restartsInWindow(this.#restartTimesMs, nowMs), nowMs];
    this.#restartsTotal += 1;
    return true;
  }

  /** Counts a restart that a person asked for. */
  countRequestedRestart(): void {
    this.#restartsTotal += 1;
  }

  /** A person or a change of the configuration gives a fresh beginning; the total stays. */
  forgive(): void {
    this.failedProbes = 0;
    this.failedStarts = 0;
    this.#restartTimesMs = [];
  }
}

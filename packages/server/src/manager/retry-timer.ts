import type { Clock } from "./ports.ts";

/** One planned new try; planning another replaces it. */
export interface RetryTimer {
  /** When the next try is due, wall time; undefined when none is planned. */
  readonly dueMs: number | undefined;
  plan(delayMs: number, action: () => void): void;
  cancel(): void;
}

export function createRetryTimer(clock: Clock): RetryTimer {
  let dueMs: number | undefined;
  let cancelTimer: (() => void) | undefined;
  const cancel = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    dueMs = undefined;
  };
  return {
    get dueMs() {
      return dueMs;
    },
    plan(delayMs, action) {
      cancel();
      dueMs = clock.nowMs() + delayMs;
      cancelTimer = clock.after(delayMs, () => {
        cancel();
        action();
      });
    },
    cancel,
  };
}

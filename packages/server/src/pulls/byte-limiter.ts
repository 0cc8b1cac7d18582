import { setTimeout as sleep } from "node:timers/promises";

/** Bounds what all downloads take of the network together. */
export interface ByteLimiter {
  /** Bytes per second; undefined for no limit. */
  readonly bytesPerSecond: number | undefined;
  /** Holds from the next bytes on. */
  setLimit(bytesPerSecond: number | undefined): void;
  /** Resolves when bytes that came may have come. Undefined when that is now. Rejects with the signal's reason. */
  pass(bytes: number, signal: AbortSignal): Promise<void> | undefined;
}

/** So much may come at once after a pause, in seconds of the rate. */
const burstSeconds = 0.25;
/** A wait is looked at again after this long, for the limit may have changed. */
const longestWaitMs = 1_000;

/** @param monotonicMs never goes back */
export function createByteLimiter(
  bytesPerSecond: number | undefined,
  monotonicMs: () => number,
): ByteLimiter {
  const state = { limit: bytesPerSecond, debtBytes: 0, atMs: monotonicMs() };

  /** What is owed now: it is paid off with time. */
  function settle(limit: number): number {
    const now = monotonicMs();
    const paid = ((now - state.atMs) * limit) / 1_000;
    state.atMs = now;
    state.debtBytes = Math.max(-burstSeconds * limit, state.debtBytes - paid);
    return state.debtBytes;
  }

  async function wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { limit } = state;
      if (limit === undefined) return;
      const debt = settle(limit);
      if (debt <= 0) return;
      await sleep(Math.min(longestWaitMs, Math.ceil((debt * 1_000) / limit)), undefined, { signal });
    }
  }

  return {
    get bytesPerSecond() {
      return state.limit;
    },
    setLimit(limit) {
      state.limit = limit;
      state.debtBytes = 0;
      state.atMs = monotonicMs();
    },
    pass(bytes, signal) {
      if (state.limit === undefined) return undefined;
      settle(state.limit);
      state.debtBytes += bytes;
      return state.debtBytes <= 0 ? undefined : wait(signal);
    },
  };
}

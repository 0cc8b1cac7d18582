const failuresToOpen = 3;
const firstPauseMs = 5_000;
const longestPauseMs = 120_000;

interface Failures {
  readonly count: number;
  readonly lastAtMs: number;
}

/**
 * Keeps a model that fails to load again and again from being tried at every call:
 * after three failures in a row it waits 5 s, then 10 s, up to two minutes.
 */
export class LoadCircuit {
  readonly #failures = new Map<string, Failures>();

  /** Milliseconds until the model may be tried again; 0 when it may be tried now. */
  pauseMs(model: string, nowMs: number): number {
    const failures = this.#failures.get(model);
    if (failures === undefined || failures.count < failuresToOpen) return 0;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures.count - failuresToOpen));
    return Math.max(0, failures.lastAtMs + pauseMs - nowMs);
  }

  recordFailure(model: string, nowMs: number): void {
    this.#failures.set(model, { count: (this.#failures.get(model)?.count ?? 0) + 1, lastAtMs: nowMs });
  }

  recordSuccess(model: string): void {
    this.#failures.delete(model);
  }
}

const minuteMs = 60_000;
/** A model that nobody asked for so long gives up the rest of its turn. */
const longestGapMs = 1_000;

/** How a model in memory was used. */
export interface Use {
  readonly readyAtMs: number;
  readonly lastUsedMs: number;
  readonly isBusy: boolean;
}

/**
 * Keeps models that take turns in memory from being loaded all the time: once so many were loaded within a minute,
 * none is put out for another, and whoever was loaded has a turn of its share of that minute.
 */
export class LoadPace {
  readonly #maxLoads: number;
  readonly #turnMs: number;
  readonly #loadedAtMs: number[] = [];

  constructor(maxLoadsPerMinute: number) {
    this.#maxLoads = maxLoadsPerMinute;
    this.#turnMs = minuteMs / maxLoadsPerMinute;
  }

  record(nowMs: number): void {
    this.#forget(nowMs);
    this.#loadedAtMs.push(nowMs);
  }

  /** Milliseconds until a model may be put out for another. */
  pauseMs(nowMs: number): number {
    this.#forget(nowMs);
    const first = this.#loadedAtMs[this.#loadedAtMs.length - this.#maxLoads];
    return first === undefined ? 0 : first + minuteMs - nowMs;
  }

  /** Milliseconds that a model may stay whoever waits; 0 when its turn is over, or it does not use it. */
  turnLeftMs({ readyAtMs, lastUsedMs, isBusy }: Use, nowMs: number): number {
    const left = readyAtMs + this.#turnMs - nowMs;
    const unused = isBusy ? left : lastUsedMs + Math.min(longestGapMs, this.#turnMs) - nowMs;
    return Math.max(0, Math.min(left, unused));
  }

  #forget(nowMs: number): void {
    while (this.#loadedAtMs[0] !== undefined && this.#loadedAtMs[0] <= nowMs - minuteMs)
      this.#loadedAtMs.shift();
  }
}

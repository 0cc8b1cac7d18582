interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

const firstDelayMs = 1_000;
const longestDelayMs = 5 * 60_000;
/** After this long without a failure those before are forgotten. */
const forgottenAfterMs = 15 * 60_000;

/** Counts failures by a name, and tells how long to wait for the next try. Bounded: the longest unused go first. */
export class FailedLogins {
  readonly #free: number;
  readonly #mostKept: number;
  readonly #failures = new Map<string, Failures>();

  /** @param free failures that cost no wait; from the last of them on each doubles it */
  constructor(free: number, mostKept = 10_000) {
    this.#free = free;
    this.#mostKept = mostKept;
  }

  /** How long the next try has to wait; 0 when it may come. */
  waitMs(name: string, nowMs: number): number {
    const known = this.#find(name, nowMs);
    if (known === undefined || known.count < this.#free) return 0;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (known.count - this.#free));
    return Math.max(0, known.lastMs + delayMs - nowMs);
  }

  note(name: string, nowMs: number): void {
    const count = (this.#find(name, nowMs)?.count ?? 0) + 1;
    this.#failures.delete(name);
    if (this.#failures.size >= this.#mostKept) {
      const oldest = this.#failures.keys().next();
      if (oldest.done !== true) this.#failures.delete(oldest.value);
    }
    this.#failures.set(name, { count, lastMs: nowMs });
  }

  forget(name: string): void {
    this.#failures.delete(name);
  }

  /** Takes one failure back that was none. */
  takeBack(name: string): void {
    const known = this.#failures.get(name);
    if (known === undefined) return;
    if (known.count <= 1) this.#failures.delete(name);
    else this.#failures.set(name, { ...known, count: known.count - 1 });
  }

  #find(name: string, nowMs: number): Failures | undefined {
    const known = this.#failures.get(name);
    return known !== undefined && nowMs - known.lastMs < forgottenAfterMs ? known : undefined;
  }
}

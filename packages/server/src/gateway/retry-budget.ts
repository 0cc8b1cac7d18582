const shareOfActive = 0.2;
const always = 3;

/**
 * Bounds how many calls may be on a second attempt at once: a fifth of those in flight and never fewer than three,
 * so that retries cannot multiply the load on an upstream that is failing already.
 */
export class RetryBudget {
  #active = 0;

  /** Takes one retry when there is one. Give it back when the attempt is over. */
  take(inFlight: number): boolean {
    if (this.#active >= Math.max(always, Math.floor(inFlight * shareOfActive))) return false;
    this.#active++;
    return true;
  }

  giveBack(): void {
    this.#active--;
  }
}

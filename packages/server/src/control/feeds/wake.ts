/** Lets one reader sleep until there is something for it. */
export class Wake {
  #isDue = false;
  #resolve: (() => void) | undefined;

  /** @param signal wakes it for good */
  constructor(signal: AbortSignal) {
    signal.addEventListener("abort", () => this.wake(), { once: true });
  }

  wake(): void {
    this.#isDue = true;
    this.#resolve?.();
  }

  /** Resolves when it was woken since the last time. */
  async next(): Promise<void> {
    if (!this.#isDue) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#resolve = resolve;
      await promise;
      this.#resolve = undefined;
    }
    this.#isDue = false;
  }
}

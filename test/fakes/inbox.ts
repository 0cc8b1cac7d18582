/** What came in, in order, and a way to wait for what is to come. */
export class Inbox<Item> {
  readonly items: Item[] = [];
  readonly #waiters = new Set<() => void>();

  put(item: Item): void {
    this.items.push(item);
    for (const wake of this.#waiters) wake();
  }

  /**
   * Settles with the first item so far or to come that fits.
   * @throws with all that came when none does in time
   */
  async find(fits: (item: Item) => boolean, withinMs = 20_000): Promise<Item> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), withinMs);
    try {
      for (;;) {
        const found = this.items.find(fits);
        if (found !== undefined) return found;
        const woken = Promise.withResolvers<boolean>();
        const wake = () => woken.resolve(true);
        this.#waiters.add(wake);
        const isInTime = await Promise.race([woken.promise, late.promise]);
        this.#waiters.delete(wake);
        if (isInTime !== true) throw new Error(`nothing fits: ${JSON.stringify(this.items)}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

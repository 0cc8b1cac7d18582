/**
 * A subscription whose reader may leave while it waits: a generator alone would hear of that with its next item only.
 */
export class ResultStream<Result> implements AsyncGenerator<Result, void, void> {
  readonly #source: AsyncGenerator<Result, void, void>;
  readonly #leave: () => void;
  #isLeft = false;

  /** @param leave tells the source */
  constructor(source: AsyncGenerator<Result, void, void>, leave: () => void) {
    this.#source = source;
    this.#leave = leave;
  }

  async next(): Promise<IteratorResult<Result, void>> {
    try {
      return await this.#source.next();
    } catch (error) {
      // What it broke off for, nobody waits to hear.
      if (this.#isLeft) return over;
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Result, void>> {
    this.#isLeft = true;
    this.#leave();
    await this.#source.return();
    return over;
  }

  throw(): Promise<IteratorResult<Result, void>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

const over = { done: true, value: undefined } as const;

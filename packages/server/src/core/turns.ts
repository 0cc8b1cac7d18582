/** Runs pieces of work one after the other, in the order they were asked for. */
export interface Turns {
  /** Resolves or rejects as `work` does. One that rejects does not keep the next from its turn. */
  take<Value>(work: () => Promise<Value>): Promise<Value>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const turn = last.then(work);
      last = turn.catch(() => {
        // Whoever asked for the turn gets the error; the next one begins all the same.
      });
      return turn;
    },
  };
}

/** Lets work on the same thing be done one after the other. */
export interface KeyedTurns {
  /** Whether work on it is being done. */
  isTaken(key: string): boolean;
  /** Resolves or rejects as `work` does, or rejects with the signal's reason when it aborts while waiting. */
  take<Value>(key: string, signal: AbortSignal, work: () => Promise<Value>): Promise<Value>;
}

export function createKeyedTurns(): KeyedTurns {
  const busy = new Map<string, Promise<void>>();
  return {
    isTaken: (key) => busy.has(key),
    async take(key, signal, work) {
      for (let before = busy.get(key); before !== undefined; before = busy.get(key))
        await settledOrAborted(before, signal);
      const done = Promise.withResolvers<void>();
      busy.set(key, done.promise);
      try {
        return await work();
      } finally {
        busy.delete(key);
        done.resolve();
      }
    },
  };
}

async function settledOrAborted(before: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.race([before, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

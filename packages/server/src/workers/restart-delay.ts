/** Who lived for this long did not die of its start. */
const steadyMs = 10_000;
const firstDelayMs = 500;
const longestDelayMs = 30_000;

/** When a worker that ended is to be replaced, and how many have died soon after their start, in a row. */
export interface RestartDelay {
  readonly delayMs: number;
  readonly quickDeaths: number;
}

/** At once, unless the one before it died soon after its start too: then later each time. */
export function restartDelayMs(livedMs: number, quickDeathsBefore: number): RestartDelay {
  if (livedMs >= steadyMs) return { delayMs: 0, quickDeaths: 0 };
  const delayMs =
    quickDeathsBefore === 0 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** (quickDeathsBefore - 1));
  return { delayMs, quickDeaths: quickDeathsBefore + 1 };
}

/** The wait before the first new try, without jitter. */
const firstDelayMs = 1_000;

export interface BackOffInput {
  /** Failed tries in a row before this wait, less one: 0 for the first wait. */
  readonly attempt: number;
  /** Each wait is this many times the one before; at least 1. */
  readonly factor: number;
  readonly maxDelayMs: number;
  /** A random number of [0, 1). */
  readonly random: number;
}

/**
 * How long to wait before the next try: exponential from one second up to `maxDelayMs`,
 * less a random half of it at most, so that many that failed together do not return together.
 */
export function backOffDelayMs({ attempt, factor, maxDelayMs, random }: BackOffInput): number {
  const fullMs = Math.min(maxDelayMs, firstDelayMs * factor ** attempt);
  return Math.round(fullMs * (1 - random / 2));
}

/** A period with up to a tenth added or taken, so that equal periods drift apart. */
export function jitteredMs(periodMs: number, random: number): number {
  return Math.round(periodMs * (0.9 + 0.2 * random));
}

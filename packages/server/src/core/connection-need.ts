/** What connections brought together in a time. */
export interface ConnectionPace {
  readonly connections: number;
  readonly bytes: number;
  readonly tookMs: number;
}

/**
 * One that brings as much is held back by machines, its own or the other, and not by the way between them: hashing takes
 * about 1,100 bytes in a microsecond. Another one would bring nothing more.
 */
const enoughBytesPerMs = 150_000;

/** Whether a further connection may bring a file sooner. */
export function isMoreNeeded({ connections, bytes, tookMs }: ConnectionPace): boolean {
  return bytes < connections * enoughBytesPerMs * tookMs;
}

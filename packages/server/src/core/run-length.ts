/** How long fetching a run took, and how much of that its answer was waited for. */
export interface RunPace {
  readonly askedMs: number;
  readonly tookMs: number;
}

/** So much of a run may be waiting at most. */
const mostWaiting = 1 / 10;
/** With less than that a run is longer than it needs to be. */
const leastWaiting = 1 / 50;

/**
 * How many chunks a connection takes next: enough that asking for them costs little, and no more, for a file is hashed from
 * its beginning on, and what is beyond a gap waits.
 */
export function nextRunChunks(
  chunks: number,
  { askedMs, tookMs }: RunPace,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (askedMs > tookMs * mostWaiting) return Math.min(most, chunks * 2);
  if (askedMs < tookMs * leastWaiting) return Math.max(least, Math.floor(chunks / 2));
  return chunks;
}

/** One that is alone has nobody to share with; should it become slow, the others come too late for so much of the file. */
const loneRunMs = 500;

/**
 * How many chunks a connection that is alone takes next, after as many as `chunks`: it leaves no gap behind it, and nothing
 * comes while it asks.
 */
export function loneRunChunks(
  chunks: number,
  { tookMs }: Pick<RunPace, "tookMs">,
  { least }: { readonly least: number },
): number {
  return Math.max(least, Math.ceil((chunks * loneRunMs) / Math.max(1, tookMs)));
}

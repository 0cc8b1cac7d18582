/** For how long one row of sums stands. A bucket begins at a multiple of its length since the epoch, in UTC. */
export const resolutions = ["minute", "hour", "day"] as const;
export type Resolution = (typeof resolutions)[number];

/** All that sums are kept by, each a multiple of the one before. The last is nobody's question: it makes long times few rows. */
export const storedResolutions = [...resolutions, "eight_days"] as const;
export type StoredResolution = (typeof storedResolutions)[number];

const lengths = { minute: 60_000, hour: 3_600_000, day: 86_400_000, eight_days: 691_200_000 } as const;

export function bucketMs(resolution: StoredResolution): number {
  return lengths[resolution];
}

/** The start of the bucket that a wall time lies in. */
export function bucketStart(resolution: StoredResolution, atMs: number): number {
  return atMs - (atMs % lengths[resolution]);
}

/** Buckets of one resolution that follow each other. */
export interface BucketRun {
  readonly resolution: StoredResolution;
  /** Start of the first. */
  readonly fromMs: number;
  /** End of the last. */
  readonly untilMs: number;
}

/** The fewest buckets that make up the same time, in its order: coarse ones, and at both ends what does not fill one. */
export function toCoarseRuns({ resolution, fromMs, untilMs }: BucketRun): readonly BucketRun[] {
  const coarser = storedResolutions[storedResolutions.indexOf(resolution) + 1];
  if (coarser === undefined) return [{ resolution, fromMs, untilMs }];
  const firstMs = bucketStart(coarser, fromMs + bucketMs(coarser) - 1);
  const endMs = bucketStart(coarser, untilMs);
  if (firstMs >= endMs) return [{ resolution, fromMs, untilMs }];
  return [
    { resolution, fromMs, untilMs: firstMs },
    ...toCoarseRuns({ resolution: coarser, fromMs: firstMs, untilMs: endMs }),
    { resolution, fromMs: endMs, untilMs },
  ].filter((run) => run.fromMs < run.untilMs);
}

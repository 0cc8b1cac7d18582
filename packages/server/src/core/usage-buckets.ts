/** For how long one row of sums stands. A bucket begins at a multiple of its length since the epoch, in UTC. */
export const resolutions = ["minute", "hour", "day"] as const;
export type Resolution = (typeof resolutions)[number];

const lengths = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

export function bucketMs(resolution: Resolution): number {
  return lengths[resolution];
}

/** The start of the bucket that a wall time lies in. */
export function bucketStart(resolution: Resolution, atMs: number): number {
  return atMs - (atMs % lengths[resolution]);
}

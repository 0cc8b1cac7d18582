import { PlatformError } from "@llm-platform/kit";
import { bucketMs, bucketStart, type Resolution } from "./usage-buckets.ts";

/** Lengths of time that end now. */
export const usageRanges = { "24h": 1, "7d": 7, "30d": 30, "90d": 90 } as const;
export type UsageRange = keyof typeof usageRanges;
// Only literals stand in the table above.
export const usageRangeNames = Object.keys(usageRanges) as [UsageRange, ...UsageRange[]];

export interface RangeQuestion {
  readonly range?: UsageRange | undefined;
  /** Wall times. */
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** Undefined for one sum over everything. */
  readonly bucket?: Resolution | undefined;
}

/** Whole buckets of one resolution. */
export interface BucketRange {
  readonly resolution: Resolution;
  /** Start of the first. */
  readonly fromMs: number;
  /** End of the last. */
  readonly untilMs: number;
}

export interface RangeSurroundings {
  readonly nowMs: number;
  /** From when on sums of a resolution are kept. */
  keptFromMs(resolution: Resolution): number;
}

const defaultRange = "30d";
const dayMs = 86_400_000;
/** One sum over so much is made of hours, over more of days. */
const longestByHourMs = 8 * dayMs;
const mostBuckets = 5_000;

/**
 * The buckets that a question is about. The first and the last count whole, though it may begin or end within them.
 * @throws PlatformError `invalid_request` when it has no or too many buckets, or sums of that resolution are not kept
 */
export function toBucketRange(question: RangeQuestion, surroundings: RangeSurroundings): BucketRange {
  const { fromMs, untilMs } = toBounds(question, surroundings.nowMs);
  if (question.bucket === undefined) {
    const isByHour = untilMs - fromMs <= longestByHourMs && fromMs >= surroundings.keptFromMs("hour");
    return toBuckets(isByHour ? "hour" : "day", fromMs, untilMs);
  }
  const buckets = toBuckets(question.bucket, fromMs, untilMs);
  const keptFromMs = surroundings.keptFromMs(question.bucket);
  if (buckets.fromMs < keptFromMs) {
    const keptFrom = new Date(keptFromMs).toISOString();
    throw wrong(
      "bucket",
      `Sums by ${question.bucket} are kept from ${keptFrom} on. Ask for a coarser bucket.`,
    );
  }
  if ((buckets.untilMs - buckets.fromMs) / bucketMs(question.bucket) > mostBuckets)
    throw wrong(
      "bucket",
      `These are more than ${mostBuckets} buckets. Ask for a coarser one, or for less time.`,
    );
  return buckets;
}

function toBounds(
  question: RangeQuestion,
  nowMs: number,
): { readonly fromMs: number; readonly untilMs: number } {
  const { range, fromMs, untilMs = nowMs } = question;
  if (fromMs === undefined) {
    if (question.untilMs !== undefined) throw wrong("from", "With `until` goes a `from`.");
    return { fromMs: nowMs - usageRanges[range ?? defaultRange] * dayMs, untilMs: nowMs };
  }
  if (range !== undefined) throw wrong("range", "Give either `range` or `from` and `until`.");
  if (fromMs >= untilMs) throw wrong("from", "`from` must be before `until`.");
  return { fromMs: Math.max(0, fromMs), untilMs };
}

function toBuckets(resolution: Resolution, fromMs: number, untilMs: number): BucketRange {
  const lastMs = bucketStart(resolution, untilMs - 1);
  return { resolution, fromMs: bucketStart(resolution, fromMs), untilMs: lastMs + bucketMs(resolution) };
}

function wrong(field: string, message: string): PlatformError {
  return new PlatformError("invalid_request", message, { field });
}

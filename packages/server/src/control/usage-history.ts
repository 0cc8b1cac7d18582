import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { bucketMs, resolutions } from "../core/usage-buckets.ts";
import { type BucketRange, toBucketRange, usageRangeNames } from "../core/usage-range.ts";
import { errorClasses, fieldOfClass } from "../core/usage-tally.ts";
import type { DurationHistogram } from "../core/duration-histogram.ts";
import type { SumsGroup } from "../store/rollup-query.ts";
import type { UsageSums } from "../store/usage-sums.ts";
import type { HistoryPoint, HistoryTimes } from "../telemetry/history/history-point.ts";
import type { MetricHistory } from "../telemetry/history/prometheus-history.ts";
import { defineOperation, type Operation } from "./operation.ts";

const times = z
  .object({ p50: z.number(), p95: z.number(), p99: z.number() })
  .nullable()
  .describe("Milliseconds; null when there is none.");

const pointSchema = z.object({
  bucket_start: z.string(),
  calls: z.number(),
  failed: z.number(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  costs: z
    .array(
      z.object({ currency: z.string(), cost_micros: z.number().describe("Millionths of the currency.") }),
    )
    .readonly(),
  duration_ms: times,
  first_content_ms: times.describe(
    "Milliseconds until the first content of streams, or by the ledger until the first byte; null when there is none.",
  ),
});

export interface UsageHistoryParts {
  readonly usage: Pick<UsageSums, "sum" | "horizon">;
  /** Undefined where no Prometheus is configured. */
  prometheus(): MetricHistory | undefined;
  /** Wall time. */
  nowMs(): number;
}

/** As many buckets as a question may have, and more. */
const mostRows = 10_000;

/** The operation on the past as plots show it. */
export function usageHistoryOperations({
  usage,
  prometheus,
  nowMs,
}: UsageHistoryParts): readonly Operation[] {
  return [
    defineOperation({
      name: "usage.history",
      summary:
        "Calls, failures, tokens, costs and times of the past, bucket by bucket: from Prometheus where one is configured and answers, else from the ledger.",
      permission: "usage.read",
      rest: { method: "GET", path: "/api/v1/usage/history" },
      input: z.strictObject({
        range: z.enum(usageRangeNames).optional().describe("Ends now. Default 30d, without `from`."),
        from: z.iso.datetime({ offset: true }).optional().describe("Instead of `range`."),
        until: z.iso.datetime({ offset: true }).optional().describe("Default: now."),
        bucket: z.enum(resolutions).default("hour").describe("In UTC. The first and the last count whole."),
      }),
      output: z.object({
        from: z.string(),
        until: z.string(),
        bucket: z.enum(resolutions),
        source: z
          .enum(["prometheus", "ledger"])
          .describe("prometheus: of all replicas, estimated between scrapes. ledger: exact."),
        problem: z
          .string()
          .nullable()
          .describe(
            "Why the configured Prometheus is not the source; null where it is, or none is configured.",
          ),
        points: z
          .array(pointSchema)
          .readonly()
          .describe("In order of time; buckets without a call may be absent."),
      }),
      async run({ range, from, until, bucket }, { signal }) {
        const buckets = toBucketRange(
          {
            range,
            fromMs: from === undefined ? undefined : Date.parse(from),
            untilMs: until === undefined ? undefined : Date.parse(until),
            bucket,
          },
          { nowMs: nowMs(), keptFromMs: (resolution) => usage.horizon.fromMs(resolution) },
        );
        const found = await askPrometheus(prometheus(), buckets, signal);
        const { points, problem } =
          found.points === undefined
            ? { points: await readLedger(usage, buckets), problem: found.problem }
            : { points: found.points, problem: null };
        return {
          from: toText(buckets.fromMs),
          until: toText(buckets.untilMs),
          bucket,
          source: found.points === undefined ? ("ledger" as const) : ("prometheus" as const),
          problem,
          points: points.map(toShown),
        };
      },
    }),
  ];
}

type FromPrometheus =
  | { readonly points: readonly HistoryPoint[]; readonly problem?: undefined }
  | { readonly points?: undefined; readonly problem: string | null };

async function askPrometheus(
  prometheus: MetricHistory | undefined,
  { resolution, ...range }: BucketRange,
  signal: AbortSignal,
): Promise<FromPrometheus> {
  if (prometheus === undefined) return { problem: null };
  try {
    const points = await prometheus.read({ ...range, stepMs: bucketMs(resolution) }, signal);
    if (points.length > 0) return { points };
    return {
      problem: "Prometheus has no figures of this time: does it scrape this platform under `prometheus.job`?",
    };
  } catch (error) {
    if (!(error instanceof PlatformError) || signal.aborted) throw error;
    return { problem: error.message };
  }
}

async function readLedger(
  usage: UsageHistoryParts["usage"],
  buckets: BucketRange,
): Promise<readonly HistoryPoint[]> {
  const { groups } = await usage.sum({
    ...buckets,
    byBucket: true,
    groupBy: [],
    filter: {},
    withHistograms: true,
    limit: mostRows,
  });
  return groups.map(toPoint);
}

function toPoint({ bucketMs: timeMs = 0, tally, costs }: SumsGroup): HistoryPoint {
  return {
    timeMs,
    calls: tally.calls,
    failed: errorClasses.reduce((sum, name) => sum + tally[fieldOfClass[name]], 0),
    inputTokens: tally.inputTokens,
    outputTokens: tally.outputTokens,
    costMicros: new Map(costs),
    duration: toTimes(tally.durations),
    firstContent: toTimes(tally.firstBytes),
  };
}

function toTimes(histogram: DurationHistogram): HistoryTimes | undefined {
  if (histogram.count === 0) return undefined;
  const percentile = (share: number) => Math.round(histogram.percentile(share) ?? 0);
  return { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
}

function toShown(point: HistoryPoint): z.output<typeof pointSchema> {
  return {
    bucket_start: toText(point.timeMs),
    calls: point.calls,
    failed: point.failed,
    input_tokens: point.inputTokens,
    output_tokens: point.outputTokens,
    costs: [...point.costMicros].map(([currency, cost_micros]) => ({ currency, cost_micros })),
    duration_ms: point.duration ?? null,
    first_content_ms: point.firstContent ?? null,
  };
}

function toText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

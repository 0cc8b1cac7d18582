import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { bucketMs, resolutions } from "../core/usage-buckets.ts";
import { type BucketRange, toBucketRange, usageRangeNames } from "../core/usage-range.ts";
import { errorClasses, errorsOf } from "../core/usage-tally.ts";
import { doublingBoundsMs, type DurationHistogram } from "../core/duration-histogram.ts";
import type { SumsGroup } from "../store/rollup-query.ts";
import type { UsageSums } from "../store/usage-sums.ts";
import type { History, HistoryPoint, HistoryTimes } from "../telemetry/history/history-point.ts";
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
  errors: z.record(z.enum(errorClasses), z.number()).describe("What failed, by why."),
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
  first_content_counts: z
    .array(z.number())
    .readonly()
    .nullable()
    .describe(
      "How many took how long until then: one count for each of `first_content_bounds_ms`, and one for what took longer; null when there is none.",
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
        first_content_bounds_ms: z
          .array(z.number())
          .readonly()
          .describe("Milliseconds, rising: where the counts of `first_content_counts` end."),
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
        const history = found.history ?? (await readLedger(usage, buckets));
        return {
          from: toText(buckets.fromMs),
          until: toText(buckets.untilMs),
          bucket,
          source: found.history === undefined ? ("ledger" as const) : ("prometheus" as const),
          problem: found.problem,
          first_content_bounds_ms: history.firstContentBoundsMs,
          points: history.points.map(toShown),
        };
      },
    }),
  ];
}

interface FromPrometheus {
  readonly history: History | undefined;
  readonly problem: string | null;
}

async function askPrometheus(
  prometheus: MetricHistory | undefined,
  { resolution, ...range }: BucketRange,
  signal: AbortSignal,
): Promise<FromPrometheus> {
  if (prometheus === undefined) return { history: undefined, problem: null };
  try {
    const history = await prometheus.read({ ...range, stepMs: bucketMs(resolution) }, signal);
    if (history.points.length > 0) return { history, problem: null };
    return {
      history: undefined,
      problem: "Prometheus has no figures of this time: does it scrape this platform under `prometheus.job`?",
    };
  } catch (error) {
    if (!(error instanceof PlatformError) || signal.aborted) throw error;
    return { history: undefined, problem: error.message };
  }
}

async function readLedger(usage: UsageHistoryParts["usage"], buckets: BucketRange): Promise<History> {
  const { groups } = await usage.sum({
    ...buckets,
    byBucket: true,
    groupBy: [],
    filter: {},
    withHistograms: true,
    limit: mostRows,
  });
  return { points: groups.map(toPoint), firstContentBoundsMs: doublingBoundsMs };
}

function toPoint({ bucketMs: timeMs = 0, tally, costs }: SumsGroup): HistoryPoint {
  const errors = errorsOf(tally);
  return {
    timeMs,
    calls: tally.calls,
    failed: errorClasses.reduce((sum, name) => sum + errors[name], 0),
    errors,
    inputTokens: tally.inputTokens,
    outputTokens: tally.outputTokens,
    costMicros: new Map(costs),
    duration: toTimes(tally.durations),
    firstContent: toTimes(tally.firstBytes),
    firstContentCounts: tally.firstBytes.count === 0 ? undefined : tally.firstBytes.doublings(),
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
    errors: { ...point.errors },
    input_tokens: point.inputTokens,
    output_tokens: point.outputTokens,
    costs: [...point.costMicros].map(([currency, cost_micros]) => ({ currency, cost_micros })),
    duration_ms: point.duration ?? null,
    first_content_ms: point.firstContent ?? null,
    first_content_counts: point.firstContentCounts ?? null,
  };
}

function toText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

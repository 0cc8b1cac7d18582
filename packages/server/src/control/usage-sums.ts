import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { DurationHistogram } from "../core/duration-histogram.ts";
import { resolutions } from "../core/usage-buckets.ts";
import { toBucketRange, usageRangeNames } from "../core/usage-range.ts";
import { errorClasses, errorsOf } from "../core/usage-tally.ts";
import type { SumsGroup, UsageDimension } from "../store/rollup-query.ts";
import type { UsageSums } from "../store/usage-sums.ts";
import { defineOperation, type Operation } from "./operation.ts";

const dimensionOf = {
  model: "upstreamModel",
  principal: "principal",
  integration: "integration",
  provider: "provider",
  operation: "operation",
} as const satisfies Readonly<Record<string, UsageDimension>>;
type DimensionName = keyof typeof dimensionOf;
const dimensionNames = ["model", "principal", "integration", "provider", "operation"] as const;

const latency = z
  .object({ mean: z.number(), p50: z.number(), p95: z.number(), p99: z.number() })
  .nullable()
  .describe("Milliseconds; null when there is none. Percentiles are off by at most 9.1 %.");

const sumsRow = z.object({
  bucket_start: z.string().nullable().describe("Null without `bucket`."),
  model: z.string().optional(),
  principal: z.string().optional(),
  integration: z.string().optional(),
  provider: z.string().optional(),
  operation: z.string().optional(),
  attempts: z.number(),
  calls: z.number().describe("Attempts that are the first of their call."),
  errors: z.record(z.enum(errorClasses), z.number()).describe("Attempts that failed, by why."),
  input_tokens: z.number(),
  output_tokens: z.number(),
  cache_read_tokens: z.number().describe("Part of input_tokens."),
  cache_write_tokens: z.number().describe("Part of input_tokens."),
  reasoning_tokens: z.number().describe("Part of output_tokens."),
  costs: z
    .array(
      z.object({ currency: z.string(), cost_micros: z.number().describe("Millionths of the currency.") }),
    )
    .readonly(),
  unpriced_attempts: z
    .number()
    .describe("Attempts with tokens whose price is not known; they are in no cost."),
  estimated_attempts: z.number().describe("Attempts whose tokens the upstream did not report."),
  duration_ms: latency,
  first_byte_ms: latency,
});

const groupBySchema = z
  .string()
  .max(128)
  .transform((text, context) => {
    const names = text === "" ? [] : text.split(",");
    const known = names.filter((name): name is DimensionName => Object.hasOwn(dimensionOf, name));
    if (known.length === names.length) return [...new Set(known)];
    context.addIssue({
      code: "custom",
      message: `must be some of ${dimensionNames.join(", ")}, with commas between`,
    });
    return z.NEVER;
  });

const question = z.strictObject({
  range: z.enum(usageRangeNames).optional().describe("Ends now. Default 30d, without `from`."),
  from: z.iso.datetime({ offset: true }).optional().describe("Instead of `range`."),
  until: z.iso.datetime({ offset: true }).optional().describe("Default: now."),
  bucket: z
    .enum([...resolutions, "none"])
    .default("none")
    .describe("A row for each, in UTC. The first and the last count whole."),
  group_by: z
    .string()
    .default("")
    .describe("A row for each model, principal, integration, provider, operation: names with commas between.")
    .pipe(groupBySchema),
  integration: z.string().max(128).optional(),
  model: z.string().max(512).optional().describe("The upstream's name of the model."),
  principal: z.string().max(128).optional(),
  provider: z.string().max(128).optional(),
  operation: z.string().max(64).optional(),
  percentiles: z
    .union([z.boolean(), z.stringbool()])
    .default(true)
    .describe("Without them, `duration_ms` and `first_byte_ms` are null and a large answer comes sooner."),
});

/** Most rows of an answer. */
const mostRows = 10_000;

export interface UsageSumParts {
  readonly usage: UsageSums;
  /** Wall time. */
  nowMs(): number;
}

/** Operations on the sums of the usage ledger. */
export function usageSumOperations({ usage, nowMs }: UsageSumParts): readonly Operation[] {
  return [
    defineOperation({
      name: "usage.sum",
      summary:
        "What was used in a time: calls, errors, tokens, costs, percentiles, and models without a price.",
      permission: "usage.read",
      rest: { method: "GET", path: "/api/v1/usage" },
      input: question,
      output: z.object({
        from: z.string(),
        until: z.string(),
        bucket: z.enum([...resolutions, "none"]),
        usage: z.array(sumsRow).readonly(),
        unknown_prices: z
          .array(z.object({ integration: z.string(), model: z.string(), attempts: z.number() }))
          .readonly()
          .describe("Models that used tokens whose price is not known, at most 1,000."),
        records_behind: z.number().describe("Records that are not in the sums yet; 0 but after an upgrade."),
      }),
      run: async ({ range, from, until, bucket, group_by, model, percentiles, ...filter }) => {
        const buckets = toBucketRange(
          {
            range,
            fromMs: from === undefined ? undefined : Date.parse(from),
            untilMs: until === undefined ? undefined : Date.parse(until),
            bucket: bucket === "none" ? undefined : bucket,
          },
          { nowMs: nowMs(), keptFromMs: (resolution) => usage.horizon.fromMs(resolution) },
        );
        const query = {
          ...buckets,
          byBucket: bucket !== "none",
          groupBy: group_by.map((name) => dimensionOf[name]),
          filter: { ...filter, upstreamModel: model },
          withHistograms: percentiles,
          limit: mostRows,
        };
        const [sums, unpriced] = await Promise.all([
          usage.sum(query),
          usage.unpriced({ ...query, limit: mostUnpriced }),
        ]);
        if (sums.isCut) throw tooMany();
        return {
          from: toText(buckets.fromMs),
          until: toText(buckets.untilMs),
          bucket,
          usage: sums.groups.map((group) => toRow(group)),
          unknown_prices: unpriced.map(({ integration, upstreamModel, attempts }) => ({
            integration,
            model: upstreamModel,
            attempts,
          })),
          records_behind: usage.roller.behind,
        };
      },
    }),
  ];
}

const mostUnpriced = 1_000;

function toRow({ bucketMs, of, tally, costs }: SumsGroup): z.output<typeof sumsRow> {
  return {
    bucket_start: bucketMs === undefined ? null : toText(bucketMs),
    model: of.upstreamModel,
    principal: of.principal,
    integration: of.integration,
    provider: of.provider,
    operation: of.operation,
    attempts: tally.attempts,
    calls: tally.calls,
    errors: errorsOf(tally),
    input_tokens: tally.inputTokens,
    output_tokens: tally.outputTokens,
    cache_read_tokens: tally.cacheReadTokens,
    cache_write_tokens: tally.cacheWriteTokens,
    reasoning_tokens: tally.reasoningTokens,
    costs: [...costs].map(([currency, cost_micros]) => ({ currency, cost_micros })),
    unpriced_attempts: tally.unpricedAttempts,
    estimated_attempts: tally.estimatedAttempts,
    duration_ms: toLatency(tally.durations, tally.durationMs),
    first_byte_ms: toLatency(tally.firstBytes, tally.firstByteMs),
  };
}

function toLatency(histogram: DurationHistogram, sumMs: number): z.output<typeof latency> {
  const { count } = histogram;
  if (count === 0) return null;
  const percentile = (share: number) => Math.round(histogram.percentile(share) ?? 0);
  return {
    mean: Math.round(sumMs / count),
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
  };
}

function toText(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function tooMany(): PlatformError {
  return new PlatformError(
    "invalid_request",
    `The answer has more than ${mostRows} rows. Ask for a coarser bucket, fewer names in group_by, or less time.`,
    { field: "group_by" },
  );
}

import { z } from "zod";
import { type ErrorClass, errorClassOfCode, errorsOf, UsageTally } from "../../core/usage-tally.ts";
import type { History, HistoryPoint, HistoryTimes } from "./history-point.ts";

const labels = z.looseObject({
  figure: z.enum(["calls", "failed", "tokens", "cost", "duration", "first_content", "first_content_up_to"]),
  percentile: z.enum(["p50", "p95", "p99"]).optional(),
  type: z.string().optional(),
  currency: z.string().optional(),
  error_type: z.string().optional(),
  le: z.string().optional(),
});
const answer = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(z.object({ metric: labels, values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
});

type Mutable = {
  calls: number;
  failed: number;
  readonly errors: Record<ErrorClass, number>;
  inputTokens: number;
  outputTokens: number;
  readonly costMicros: Map<string, number>;
  readonly duration: Map<keyof HistoryTimes, number>;
  readonly firstContent: Map<keyof HistoryTimes, number>;
  /** By the bound in seconds, each with all that are less. */
  readonly firstContentUpTo: Map<number, number>;
};

/**
 * Reads what Prometheus answered to the query of a history; undefined where that is something else. The buckets that it
 * knows nothing of are not among the points.
 */
export function decodeHistory(json: unknown, stepMs: number): History | undefined {
  const parsed = answer.safeParse(json);
  if (!parsed.success) return undefined;
  const points = new Map<number, Mutable>();
  for (const { metric, values } of parsed.data.data.result)
    for (const [seconds, text] of values) {
      const value = Number(text);
      // NaN is a quantile of nothing.
      if (!Number.isFinite(value)) continue;
      const timeMs = Math.round(seconds * 1_000) - stepMs;
      const point = points.get(timeMs) ?? emptyPoint();
      points.set(timeMs, point);
      addTo(point, metric, value);
    }
  const bounds = [
    ...new Set([...points.values()].flatMap(({ firstContentUpTo }) => [...firstContentUpTo.keys()])),
  ]
    .filter(Number.isFinite)
    .toSorted((one, other) => one - other);
  return {
    points: [...points]
      .toSorted(([one], [other]) => one - other)
      .map(([timeMs, point]) => toPoint(timeMs, point, bounds)),
    firstContentBoundsMs: bounds.map((seconds) => seconds * 1_000),
  };
}

function emptyPoint(): Mutable {
  return {
    calls: 0,
    failed: 0,
    errors: errorsOf(new UsageTally()),
    inputTokens: 0,
    outputTokens: 0,
    costMicros: new Map(),
    duration: new Map(),
    firstContent: new Map(),
    firstContentUpTo: new Map(),
  };
}

/** A rise is extrapolated to the ends of its bucket, so that it is rarely whole; what it counts is. */
function addTo(
  point: Mutable,
  { figure, percentile = "p50", type, currency = "", error_type, le }: z.output<typeof labels>,
  value: number,
): void {
  switch (figure) {
    case "calls":
      point.calls = Math.round(value);
      return;
    case "failed":
      addErrors(point, error_type, Math.round(value));
      return;
    case "tokens":
      point[type === "input" ? "inputTokens" : "outputTokens"] = Math.round(value);
      return;
    case "cost":
      point.costMicros.set(currency, Math.round(value * 1_000_000));
      return;
    case "duration":
      point.duration.set(percentile, Math.round(value * 1_000));
      return;
    case "first_content":
      point.firstContent.set(percentile, Math.round(value * 1_000));
      return;
    case "first_content_up_to":
      point.firstContentUpTo.set(le === undefined || le === "+Inf" ? Infinity : Number(le), value);
      return;
    default:
      figure satisfies never;
  }
}

function addErrors(point: Mutable, code: string | undefined, count: number): void {
  point.failed += count;
  point.errors[errorClassOfCode(code ?? "")] += count;
}

function toPoint(
  timeMs: number,
  { duration, firstContent, firstContentUpTo, ...sums }: Mutable,
  bounds: readonly number[],
): HistoryPoint {
  return {
    timeMs,
    ...sums,
    duration: toTimes(duration),
    firstContent: toTimes(firstContent),
    firstContentCounts: toCounts(firstContentUpTo, bounds),
  };
}

/** What is between each bound and the one before; undefined where no stream began. */
function toCounts(
  upTo: ReadonlyMap<number, number>,
  bounds: readonly number[],
): readonly number[] | undefined {
  let before = 0;
  const counts = [...bounds, Infinity].map((bound) => {
    const sum = Math.max(before, Math.round(upTo.get(bound) ?? before));
    const count = sum - before;
    before = sum;
    return count;
  });
  return before === 0 ? undefined : counts;
}

function toTimes(found: ReadonlyMap<keyof HistoryTimes, number>): HistoryTimes | undefined {
  const [p50, p95, p99] = [found.get("p50"), found.get("p95"), found.get("p99")];
  return p50 === undefined || p95 === undefined || p99 === undefined ? undefined : { p50, p95, p99 };
}

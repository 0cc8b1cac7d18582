import { z } from "zod";
import type { HistoryPoint, HistoryTimes } from "./history-point.ts";

const labels = z.looseObject({
  figure: z.enum(["calls", "failed", "tokens", "cost", "duration", "first_content"]),
  percentile: z.enum(["p50", "p95", "p99"]).optional(),
  type: z.string().optional(),
  currency: z.string().optional(),
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
  inputTokens: number;
  outputTokens: number;
  readonly costMicros: Map<string, number>;
  readonly duration: Map<keyof HistoryTimes, number>;
  readonly firstContent: Map<keyof HistoryTimes, number>;
};

/**
 * Reads what Prometheus answered to the query of a history; undefined where that is something else. The buckets that it
 * knows nothing of are not among the points.
 */
export function decodeHistory(json: unknown, stepMs: number): readonly HistoryPoint[] | undefined {
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
  return [...points]
    .toSorted(([one], [other]) => one - other)
    .map(([timeMs, point]) => toPoint(timeMs, point));
}

function emptyPoint(): Mutable {
  return {
    calls: 0,
    failed: 0,
    inputTokens: 0,
    outputTokens: 0,
    costMicros: new Map(),
    duration: new Map(),
    firstContent: new Map(),
  };
}

/** A rise is extrapolated to the ends of its bucket, so that it is rarely whole; what it counts is. */
function addTo(
  point: Mutable,
  { figure, percentile = "p50", type, currency = "" }: z.output<typeof labels>,
  value: number,
): void {
  switch (figure) {
    case "calls":
    case "failed":
      point[figure] = Math.round(value);
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
    default:
      figure satisfies never;
  }
}

function toPoint(timeMs: number, { duration, firstContent, ...sums }: Mutable): HistoryPoint {
  return { timeMs, ...sums, duration: toTimes(duration), firstContent: toTimes(firstContent) };
}

function toTimes(found: ReadonlyMap<keyof HistoryTimes, number>): HistoryTimes | undefined {
  const [p50, p95, p99] = [found.get("p50"), found.get("p95"), found.get("p99")];
  return p50 === undefined || p95 === undefined || p99 === undefined ? undefined : { p50, p95, p99 };
}

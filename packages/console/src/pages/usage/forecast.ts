import type { OperationOutput } from "@llm-platform/client";

export type Budget = OperationOutput<"budgets.list">["budgets"][number];

/** Of less no forecast is made: the first calls of a period say little. */
const leastPart = 0.02;

/** What the period comes to if it goes on as it went, in micros; undefined where that cannot be told. */
export function forecastMicros(budget: Budget, nowMs: number): number | undefined {
  const { period_start, period_end, created_at, spent_micros } = budget;
  if (period_end === null) return undefined;
  const endMs = Date.parse(period_end);
  // A budget counts from when it was made.
  const countedFromMs = Math.max(Date.parse(period_start), Date.parse(created_at));
  const part = (nowMs - countedFromMs) / (endMs - countedFromMs);
  return part < leastPart || part > 1 ? undefined : Math.round(spent_micros / part);
}

/** The part of a budget that is spent or reserved; 1 for all of it. */
export function usedPart({ amount_micros, spent_micros, reserved_micros }: Budget): number {
  return amount_micros === 0 ? 1 : (spent_micros + reserved_micros) / amount_micros;
}

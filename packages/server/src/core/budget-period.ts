import type { BudgetPeriod } from "./budgets.ts";

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** The epoch was a Thursday; four days later a week began. */
const firstMondayMs = 4 * dayMs;

/** When the period that holds a time began, since the epoch; 0 for the one that holds all times. */
export function periodStart(period: BudgetPeriod, atMs: number): number {
  switch (period) {
    case "day":
      return Math.floor(atMs / dayMs) * dayMs;
    case "week":
      return Math.floor((atMs - firstMondayMs) / weekMs) * weekMs + firstMondayMs;
    case "month":
      return startOfMonth(atMs);
    case "total":
      return 0;
  }
}

/** When the period that began then ends, which is when the next one begins; undefined for one without end. */
export function periodEnd(period: BudgetPeriod, startMs: number): number | undefined {
  switch (period) {
    case "day":
      return startMs + dayMs;
    case "week":
      return startMs + weekMs;
    case "month":
      return monthStart(startMs, 1);
    case "total":
      return undefined;
  }
}

const lastMonth = { startMs: 0, endMs: 0 };

/** Remembers the last month: nearly every call is in it, and a date costs more than all else of a period. */
function startOfMonth(atMs: number): number {
  if (atMs < lastMonth.startMs || atMs >= lastMonth.endMs) {
    lastMonth.startMs = monthStart(atMs, 0);
    lastMonth.endMs = monthStart(atMs, 1);
  }
  return lastMonth.startMs;
}

function monthStart(atMs: number, monthsOn: number): number {
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsOn, 1);
}

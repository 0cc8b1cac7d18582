const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
/** The week of today, and a year before it. */
const weekCount = 53;
/** The first of January 1970 was a Thursday: so much before it was a Monday. */
const mondayMs = -3 * dayMs;

/** The Monday of UTC that the calendar begins with. */
export function firstDayMs(nowMs: number): number {
  const thisWeek = mondayMs + Math.floor((nowMs - mondayMs) / weekMs) * weekMs;
  return thisWeek - (weekCount - 1) * weekMs;
}

export interface Week {
  /** Its Monday. */
  readonly startMs: number;
  /** Whether a month begins in it. */
  readonly startsMonth: boolean;
  /** Monday to Sunday: what is known of each day, 0 where nothing is, null for days to come. */
  readonly values: readonly (number | null)[];
}

/** @param days by the start of the day */
export function toWeeks(nowMs: number, days: ReadonlyMap<number, number>): readonly Week[] {
  const firstMs = firstDayMs(nowMs);
  return Array.from({ length: weekCount }, (_week, at) => {
    const startMs = firstMs + at * weekMs;
    const dates = Array.from({ length: 7 }, (_day, day) => startMs + day * dayMs);
    return {
      startMs,
      startsMonth: dates.some((date) => new Date(date).getUTCDate() === 1),
      values: dates.map((date) => (date > nowMs ? null : (days.get(date) ?? 0))),
    };
  });
}

export function dayOf({ startMs }: Week, weekday: number): number {
  return startMs + weekday * dayMs;
}

/** Lengths of time that end now, or days that the reader has chosen. */
export const rangeNames = ["24h", "7d", "30d", "90d", "custom"] as const;

export interface TimeSpan {
  readonly range: (typeof rangeNames)[number];
  /** Days of UTC, as `2026-01-31`; only `custom` looks at them. */
  readonly firstDay: string;
  readonly lastDay: string;
}

const dayMs = 86_400_000;
const days = { "24h": 1, "7d": 7, "30d": 30, "90d": 90 } as const;

interface Span {
  readonly from: string;
  readonly until?: string;
}

/** Which days these are for the API; undefined for days that are none, or in the wrong order. */
export function toQuestion(
  span: TimeSpan,
): { readonly range: Exclude<TimeSpan["range"], "custom"> } | Span | undefined {
  if (span.range !== "custom") return { range: span.range };
  const from = Date.parse(`${span.firstDay}T00:00:00Z`);
  const lastDay = Date.parse(`${span.lastDay}T00:00:00Z`);
  if (!(lastDay >= from)) return undefined;
  return { from: new Date(from).toISOString(), until: new Date(lastDay + dayMs).toISOString() };
}

/** The same as two times, for what knows no ranges. */
export function toTimes(span: TimeSpan, nowMs: number): Span | undefined {
  const question = toQuestion(span);
  if (question === undefined || "from" in question) return question;
  return { from: new Date(nowMs - days[question.range] * dayMs).toISOString() };
}

/** Hours for up to two days, else days. */
export function bucketOf(span: TimeSpan): "hour" | "day" {
  if (span.range !== "custom") return span.range === "24h" ? "hour" : "day";
  return Date.parse(span.lastDay) - Date.parse(span.firstDay) <= dayMs ? "hour" : "day";
}

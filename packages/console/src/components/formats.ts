import type { Language } from "../text/messages.ts";

/** Numbers as people read them. All are functions of their arguments; `useFormats` knows the reader's language. */

const nothing = "–";

/** @param micros millionths of the currency's unit */
export function formatMoney(micros: number | null | undefined, currency: string, language: Language): string {
  if (micros === null || micros === undefined) return nothing;
  const units = micros / 1_000_000;
  const digits = units !== 0 && Math.abs(units) < 0.01 ? 6 : 2;
  return new Intl.NumberFormat(language, {
    style: "currency",
    currency,
    minimumFractionDigits: Math.min(2, digits),
    maximumFractionDigits: digits,
  }).format(units);
}

/** Whole below ten thousand, then in thousands and millions. */
export function formatCount(count: number | null | undefined, language: Language): string {
  if (count === null || count === undefined) return nothing;
  if (Math.abs(count) < 10_000)
    return new Intl.NumberFormat(language, { maximumFractionDigits: Number.isInteger(count) ? 0 : 1 }).format(
      count,
    );
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(count);
}

const byteUnits = ["B", "KB", "MB", "GB", "TB", "PB"];

/** In powers of a thousand, as disks and models are sold. */
export function formatBytes(bytes: number | null | undefined, language: Language): string {
  if (bytes === null || bytes === undefined) return nothing;
  const power = bytes < 1_000 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${byteUnits[power]}`;
}

const longUnits = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** The two largest units of a time span; below ten seconds with a part of one. */
export function formatDuration(ms: number | null | undefined, language: Language): string {
  if (ms === null || ms === undefined) return nothing;
  if (ms < 1_000) return `${ms.toLocaleString(language, { maximumFractionDigits: ms < 10 ? 1 : 0 })} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toLocaleString(language, { maximumFractionDigits: 1 })} s`;
  const at = longUnits.findIndex(([, unitMs]) => ms >= unitMs);
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, unitMs] of longUnits.slice(at, at + 2)) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}

/** @param ratio from 0 to 1 */
export function formatRatio(ratio: number | null | undefined, language: Language): string {
  if (ratio === null || ratio === undefined) return nothing;
  return new Intl.NumberFormat(language, {
    style: "percent",
    maximumFractionDigits: ratio !== 0 && Math.abs(ratio) < 0.1 ? 1 : 0,
  }).format(ratio);
}

/** In the reader's own zone. */
export function formatTime(at: Date, language: Language, nowMs: number): string {
  const isToday = new Date(nowMs).toDateString() === at.toDateString();
  return new Intl.DateTimeFormat(
    language,
    isToday ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" },
  ).format(at);
}

/** Hours and minutes, in the reader's own zone. */
export function formatClock(at: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
    at,
  );
}

/** A day of UTC, as bills have them. */
export function formatUtcDay(atMs: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }).format(atMs);
}

/** The name of the month of a day of UTC, in short. */
export function formatUtcMonth(atMs: number, language: Language): string {
  return new Intl.DateTimeFormat(language, { month: "short", timeZone: "UTC" }).format(atMs);
}

/** @param at 0 for Monday */
export function formatWeekday(at: number, language: Language): string {
  const monday = Date.UTC(2024, 0, 1);
  return new Intl.DateTimeFormat(language, { weekday: "short", timeZone: "UTC" }).format(
    monday + at * 86_400_000,
  );
}

/** How long ago, or in how long. */
export function formatDistance(at: Date, language: Language, nowMs: number): string {
  const ms = at.getTime() - nowMs;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const size = Math.abs(ms);
  if (size < 60_000) return relative.format(Math.round(ms / 1_000), "second");
  if (size < 3_600_000) return relative.format(Math.round(ms / 60_000), "minute");
  if (size < 86_400_000) return relative.format(Math.round(ms / 3_600_000), "hour");
  return relative.format(Math.round(ms / 86_400_000), "day");
}

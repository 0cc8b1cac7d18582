import type { Language } from "./messages.ts";

type Maybe = number | null | undefined;

/** Numbers and times as people read them, in one language. What is not there is a dash. */
export interface Formats {
  /** @param micros millionths of the currency's unit */
  money(micros: Maybe, currency: string): string;
  /** Whole below ten thousand, then in thousands and millions. */
  count(count: Maybe): string;
  /** In powers of a thousand, as disks and models are sold. */
  bytes(bytes: Maybe): string;
  /** The two largest units of a time span; below ten seconds with a part of one. */
  duration(ms: Maybe): string;
  /** @param ratio from 0 to 1 */
  ratio(ratio: Maybe): string;
  /** In the reader's own zone; without the day when that is today. */
  time(at: Date, nowMs: number): string;
  /** Hours and minutes, in the reader's own zone. */
  clock(at: Date): string;
  /** A day of UTC, as bills have them. */
  utcDay(atMs: number): string;
  /** The name of the month of a day of UTC, in short. */
  utcMonth(atMs: number): string;
  /** In short. @param at 0 for Monday */
  weekday(at: number): string;
  /** How long ago, or in how long. @param length of the unit's name */
  distance(at: Date, nowMs: number, length?: "long" | "short"): string;
}

/** Made once for a language: a formatter of the browser takes longer to make than a hundred numbers to write. */
export function createFormats(language: Language): Formats {
  const decimals = [0, 1].map((digits) => new Intl.NumberFormat(language, { maximumFractionDigits: digits }));
  const decimal = (value: number, digits: 0 | 1) => decimals[digits]?.format(value) ?? "";
  const compact = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
  const smallPercent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  const timeOfToday = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
  const timeAndDay = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const hourAndMinute = new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const dayOfUtc = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
  const monthOfUtc = new Intl.DateTimeFormat(language, { month: "short", timeZone: "UTC" });
  const weekdayOfUtc = new Intl.DateTimeFormat(language, { weekday: "short", timeZone: "UTC" });
  const relative = {
    long: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
    short: new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" }),
  };
  const moneyOf = createMoney(language);
  return {
    money: (micros, currency) => (isNothing(micros) ? nothing : moneyOf(micros, currency)),
    count(count) {
      if (isNothing(count)) return nothing;
      return Math.abs(count) < 10_000
        ? decimal(count, Number.isInteger(count) ? 0 : 1)
        : compact.format(count);
    },
    bytes(bytes) {
      if (isNothing(bytes)) return nothing;
      const power = bytes < 1_000 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
      const value = bytes / 1_000 ** power;
      return `${decimal(value, power === 0 || value >= 100 ? 0 : 1)} ${byteUnits[power]}`;
    },
    duration(ms) {
      if (isNothing(ms)) return nothing;
      if (ms < 1_000) return `${decimal(ms, ms < 10 ? 1 : 0)} ms`;
      return ms < 10_000 ? `${decimal(ms / 1_000, 1)} s` : twoUnits(ms);
    },
    ratio(ratio) {
      if (isNothing(ratio)) return nothing;
      return (ratio !== 0 && Math.abs(ratio) < 0.1 ? smallPercent : percent).format(ratio);
    },
    time(at, nowMs) {
      const isToday = new Date(nowMs).toDateString() === at.toDateString();
      return (isToday ? timeOfToday : timeAndDay).format(at);
    },
    clock: (at) => hourAndMinute.format(at),
    utcDay: (atMs) => dayOfUtc.format(atMs),
    utcMonth: (atMs) => monthOfUtc.format(atMs),
    weekday: (at) => weekdayOfUtc.format(someMondayMs + at * 86_400_000),
    distance(at, nowMs, length = "long") {
      const ms = at.getTime() - nowMs;
      const size = Math.abs(ms);
      const format = relative[length];
      if (size < 60_000) return format.format(Math.round(ms / 1_000), "second");
      if (size < 3_600_000) return format.format(Math.round(ms / 60_000), "minute");
      if (size < 86_400_000) return format.format(Math.round(ms / 3_600_000), "hour");
      return format.format(Math.round(ms / 86_400_000), "day");
    },
  };
}

const someMondayMs = Date.UTC(2024, 0, 1);
const nothing = "–";
const byteUnits = ["B", "KB", "MB", "GB", "TB", "PB"];
const longUnits = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

function isNothing(value: Maybe): value is null | undefined {
  return value === null || value === undefined;
}

/** Writes micros of a currency, with more digits the less it is: single calls cost parts of a cent. */
function createMoney(language: Language): (micros: number, currency: string) => string {
  // There are as many as currencies in the price list.
  const made = new Map<string, Intl.NumberFormat>();
  return (micros, currency) => {
    const units = micros / 1_000_000;
    const size = Math.abs(units);
    const digits = size >= 1 ? 2 : size >= 0.01 ? 4 : 6;
    const key = `${currency} ${digits}`;
    const format =
      made.get(key) ??
      new Intl.NumberFormat(language, {
        style: "currency",
        currency,
        minimumFractionDigits: 2,
        maximumFractionDigits: digits,
      });
    made.set(key, format);
    return format.format(units);
  };
}

function twoUnits(ms: number): string {
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

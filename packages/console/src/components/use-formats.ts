import { useMemo } from "react";
import { usePreferences } from "../text/use-text.ts";
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatMoney,
  formatRatio,
  formatUtcDay,
  formatUtcMonth,
  formatWeekday,
} from "./formats.ts";

/** The formatters in the reader's language, for where no component fits: axes, labels, sums. */
export function useFormats() {
  const { language } = usePreferences();
  return useMemo(
    () => ({
      money: (micros: number | null | undefined, currency: string) => formatMoney(micros, currency, language),
      count: (count: number | null | undefined) => formatCount(count, language),
      bytes: (bytes: number | null | undefined) => formatBytes(bytes, language),
      duration: (ms: number | null | undefined) => formatDuration(ms, language),
      ratio: (ratio: number | null | undefined) => formatRatio(ratio, language),
      clock: (at: Date) => formatClock(at, language),
      utcDay: (atMs: number) => formatUtcDay(atMs, language),
      utcMonth: (atMs: number) => formatUtcMonth(atMs, language),
      weekday: (at: number) => formatWeekday(at, language),
    }),
    [language],
  );
}

import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDistance,
  formatDuration,
  formatMoney,
  formatRatio,
} from "./formats.ts";

describe("numbers as people read them", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1 KB"],
    [1_536_000, "1.5 MB"],
    [7_400_000_000, "7.4 GB"],
    [null, "–"],
  ])("%s bytes are %s", (bytes, text) => expect(formatBytes(bytes, "en")).toBe(text));

  test.each([
    [0.4, "0.4 ms"],
    [850, "850 ms"],
    [1_240, "1.2 s"],
    [65_000, "1 min 5 s"],
    [3_600_000, "1 h"],
    [90_061_000, "1 d 1 h"],
  ])("%s ms are %s", (ms, text) => expect(formatDuration(ms, "en")).toBe(text));

  test.each([
    [1_500_000, "$1.50"],
    [420, "$0.00042"],
    [0, "$0.00"],
  ])("%s micros are %s", (micros, text) => expect(formatMoney(micros, "USD", "en")).toBe(text));

  test.each([
    [12, "12"],
    [9_999, "9,999"],
    [1_250_000, "1.3M"],
  ])("%s is counted as %s", (count, text) => expect(formatCount(count, "en")).toBe(text));

  test("parts of a hundred show what is small", () => {
    expect(formatRatio(0.004, "en")).toBe("0.4%");
    expect(formatRatio(0.42, "de")).toMatch(/^42\s%$/);
  });

  test("a time is told by its distance", () => {
    const nowMs = Date.UTC(2030, 0, 1);
    expect(formatDistance(new Date(nowMs - 120_000), "en", nowMs)).toBe("2 minutes ago");
    expect(formatDistance(new Date(nowMs + 7_200_000), "de", nowMs)).toBe("in 2 Stunden");
  });
});

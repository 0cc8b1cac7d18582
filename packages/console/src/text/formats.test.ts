import { describe, expect, test } from "vitest";
import { createFormats } from "./formats.ts";

const english = createFormats("en");
const german = createFormats("de");

describe("numbers as people read them", () => {
  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1 KB"],
    [1_536_000, "1.5 MB"],
    [7_400_000_000, "7.4 GB"],
    [null, "–"],
  ])("%s bytes are %s", (bytes, text) => expect(english.bytes(bytes)).toBe(text));

  test.each([
    [0.4, "0.4 ms"],
    [850, "850 ms"],
    [1_240, "1.2 s"],
    [65_000, "1 min 5 s"],
    [3_600_000, "1 h"],
    [90_061_000, "1 d 1 h"],
  ])("%s ms are %s", (ms, text) => expect(english.duration(ms)).toBe(text));

  test.each([
    [1_500_000, "$1.50"],
    [65_000, "$0.065"],
    [420, "$0.00042"],
    [0, "$0.00"],
  ])("%s micros are %s", (micros, text) => expect(english.money(micros, "USD")).toBe(text));

  test.each([
    [12, "12"],
    [9_999, "9,999"],
    [1_250_000, "1.3M"],
  ])("%s is counted as %s", (count, text) => expect(english.count(count)).toBe(text));

  test("each currency is written as itself", () => {
    expect([english.money(1_000_000, "EUR"), english.money(1_000_000, "USD")]).toEqual(["€1.00", "$1.00"]);
  });

  test("parts of a hundred show what is small", () => {
    expect(english.ratio(0.004)).toBe("0.4%");
    expect(german.ratio(0.42)).toMatch(/^42\s%$/);
  });

  test("a time is told by its distance", () => {
    const nowMs = Date.UTC(2030, 0, 1);
    expect(english.distance(new Date(nowMs - 120_000), nowMs)).toBe("2 minutes ago");
    expect(german.distance(new Date(nowMs + 7_200_000), nowMs)).toBe("in 2 Stunden");
  });

  test("a time of another day is told with the day", () => {
    const noon = new Date(2030, 0, 1, 12);
    expect(english.time(noon, noon.getTime())).not.toContain("2030");
    expect(english.time(noon, noon.getTime() + 86_400_000)).toContain("2030");
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { periodEnd, periodStart } from "./budget-period.ts";

const at = (text: string) => Date.parse(text);

test.each([
  ["day", "2028-02-29T23:59:59.999Z", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"],
  ["week", "2026-11-29T23:59:59Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"],
  ["week", "2026-11-30T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-07T00:00:00Z"],
  ["month", "2026-02-14T12:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"],
  ["month", "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"],
  ["month", "2026-12-31T23:59:59.999Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
  ["month", "2026-04-30T23:59:59.999Z", "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z"],
] as const)("the %s of %s begins at %s and ends at %s", (period, time, start, end) => {
  expect(periodStart(period, at(time))).toBe(at(start));
  expect(periodEnd(period, at(start))).toBe(at(end));
});

test("the period that holds all times has no end", () => {
  expect(periodStart("total", at("2026-11-26T00:00:00Z"))).toBe(0);
  expect(periodEnd("total", 0)).toBeUndefined();
});

test("periods lie end to end, each time in one of them", () => {
  const times = fc.integer({ min: 0, max: at("2100-01-01T00:00:00Z") });
  fc.assert(
    fc.property(fc.constantFrom("day" as const, "week" as const, "month" as const), times, (period, time) => {
      const start = periodStart(period, time);
      const end = periodEnd(period, start) ?? 0;
      expect(start).toBeLessThanOrEqual(time);
      expect(end).toBeGreaterThan(time);
      expect(periodStart(period, start)).toBe(start);
      expect(periodStart(period, end - 1)).toBe(start);
      expect(periodStart(period, end)).toBe(end);
    }),
  );
});

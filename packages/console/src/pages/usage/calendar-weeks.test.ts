import { expect, test } from "vitest";
import { dayOf, firstDayMs, toWeeks } from "./calendar-weeks.ts";

const dayMs = 86_400_000;

test.each([
  ["2026-11-29T23:59:59.999Z", "2025-11-24"],
  ["2026-11-30T00:00:00.000Z", "2025-12-01"],
])("at %s the calendar begins with the Monday %s", (now, first) => {
  expect(new Date(firstDayMs(Date.parse(now))).toISOString().slice(0, 10)).toBe(first);
});

test("every day of 53 weeks is there once, with what is known of it, and none that is still to come", () => {
  const nowMs = Date.parse("2026-11-27T12:00:00Z");
  const [today, long] = [Date.parse("2026-11-27"), Date.parse("2026-01-01")];
  const weeks = toWeeks(
    nowMs,
    new Map([
      [today, 7],
      [long, 3],
      [today - 400 * dayMs, 9],
    ]),
  );
  expect(weeks).toHaveLength(53);
  const days = weeks.flatMap((week) => week.values.map((value, at) => ({ atMs: dayOf(week, at), value })));
  expect(days.map(({ atMs }) => atMs)).toEqual(days.map((_day, at) => firstDayMs(nowMs) + at * dayMs));
  expect(days.filter(({ value }) => (value ?? 0) > 0)).toEqual([
    { atMs: long, value: 3 },
    { atMs: today, value: 7 },
  ]);
  expect(days.filter(({ value }) => value === null).map(({ atMs }) => atMs)).toEqual([
    today + dayMs,
    today + 2 * dayMs,
  ]);
  expect(weeks.filter(({ startsMonth }) => startsMonth)).toHaveLength(12);
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Traffic } from "./messages.ts";
import { createTrafficReport } from "./traffic-report.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what is alike in a row is told once, each change is, and nothing is told when nothing was called", () => {
  const told: (readonly Traffic[])[] = [];
  const report = createTrafficReport((traffic) => told.push(traffic));
  for (let call = 0; call < 100; call++) report("a", "ok");
  report("b", "rate_limited");
  report("a", "failed");
  report("a", "ok");
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([
    [
      { integration: "a", outcome: "ok" },
      { integration: "b", outcome: "rate_limited" },
      { integration: "a", outcome: "failed" },
      { integration: "a", outcome: "ok" },
    ],
  ]);
  vi.advanceTimersByTime(10_000);
  expect(told).toHaveLength(1);
  report("a", "ok");
  vi.advanceTimersByTime(1_000);
  expect(told[1]).toEqual([{ integration: "a", outcome: "ok" }]);
});

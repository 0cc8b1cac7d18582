import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { findSlow, type SpeedReading, watchCores } from "./core-speed.ts";

const readings = (from: number, to: number, tookMs: number): readonly SpeedReading[] =>
  Array.from({ length: to - from }, (_reading, at) => [from + at, tookMs]);

test("a frame is slow where the cores took more than twice as long as usual", () => {
  const isSlow = findSlow([
    ...readings(0, 500, 0.02),
    ...readings(500, 600, 0.1),
    ...readings(600, 999, 0.02),
  ]);
  expect([100, 540, 590, 700].map(isSlow)).toEqual([false, true, true, false]);
});

test("one interruption makes no frame slow, and without readings none is", () => {
  expect(findSlow([...readings(0, 500, 0.02), [100, 0.2]])(100)).toBe(false);
  expect(findSlow([])(100)).toBe(false);
});

test.skipIf(spawnSync("chrt", ["-f", "1", "true"]).status !== 0)(
  "readings have the clock of this process",
  async () => {
    const startMs = Number(process.hrtime.bigint() / 1_000_000n);
    const found = await watchCores().stop();
    expect(found.length).toBeGreaterThan(0);
    for (const [atMs, tookMs] of found) {
      expect(atMs).toBeGreaterThanOrEqual(startMs);
      expect(tookMs).toBeGreaterThan(0);
    }
  },
);

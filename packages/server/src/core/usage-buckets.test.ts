import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketMs, resolutions, toCoarseRuns } from "./usage-buckets.ts";

const dayMs = 86_400_000;

describe("the coarse buckets of a time", () => {
  it("are those of eight days, and days at both ends", () => {
    expect(toCoarseRuns({ resolution: "day", fromMs: 5 * dayMs, untilMs: 95 * dayMs })).toEqual([
      { resolution: "day", fromMs: 5 * dayMs, untilMs: 8 * dayMs },
      { resolution: "eight_days", fromMs: 8 * dayMs, untilMs: 88 * dayMs },
      { resolution: "day", fromMs: 88 * dayMs, untilMs: 95 * dayMs },
    ]);
  });

  it("are the fine ones where no coarse one is whole", () => {
    const run = { resolution: "day", fromMs: 7 * dayMs, untilMs: 15 * dayMs } as const;
    expect(toCoarseRuns(run)).toEqual([run]);
  });

  it("cover the time without a gap, each a whole number of buckets, and at most 24 for 90 days", () => {
    const bounds = fc.tuple(
      fc.constantFrom(...resolutions),
      fc.nat(100_000),
      fc.integer({ min: 1, max: 3_000 }),
    );
    fc.assert(
      fc.property(bounds, ([resolution, first, count]) => {
        const fromMs = first * bucketMs(resolution);
        const untilMs = fromMs + count * bucketMs(resolution);
        const runs = toCoarseRuns({ resolution, fromMs, untilMs });
        expect(runs.map((run) => run.fromMs)).toEqual([
          fromMs,
          ...runs.slice(0, -1).map((run) => run.untilMs),
        ]);
        expect(runs.at(-1)?.untilMs).toBe(untilMs);
        for (const run of runs) {
          expect(run.fromMs % bucketMs(run.resolution)).toBe(0);
          expect(run.untilMs % bucketMs(run.resolution)).toBe(0);
        }
        const buckets = runs.reduce(
          (sum, run) => sum + (run.untilMs - run.fromMs) / bucketMs(run.resolution),
          0,
        );
        if (resolution === "day" && count === 90) expect(buckets).toBeLessThanOrEqual(24);
      }),
    );
  });
});

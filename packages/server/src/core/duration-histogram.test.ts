import { assert, constantFrom, array, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { doublingBoundsMs, DurationHistogram } from "./duration-histogram.ts";

function histogramOf(durations: readonly number[]): DurationHistogram {
  const histogram = new DurationHistogram();
  for (const duration of durations) histogram.add(duration);
  return histogram;
}

const durations = array(integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 50 });

test("a percentile is off by at most 9.1 %", () => {
  assert(
    property(durations, constantFrom(0.5, 0.95, 0.99, 1), (all, share) => {
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil(share * all.length) - 1] ?? 0;
      const estimate = histogramOf(all).percentile(share) ?? 0;
      expect(Math.max(estimate / exact, exact / estimate)).toBeLessThanOrEqual(2 ** (1 / 8) + 1e-9);
    }),
  );
});

test("histograms that are merged are one over everything, also as text", () => {
  assert(
    property(durations, durations, (some, others) => {
      const whole = histogramOf([...some, ...others]).format();
      const merged = histogramOf(some);
      merged.merge(histogramOf(others));
      expect(merged.format()).toBe(whole);
      const read = new DurationHistogram();
      read.mergeText(`${histogramOf(some).format()} ${histogramOf(others).format()}`);
      expect(read.format()).toBe(whole);
    }),
  );
});

test("what is taken out again leaves nothing", () => {
  const histogram = histogramOf([5, 0]);
  histogram.add(5, -1);
  expect(histogram.count).toBe(1);
  expect(histogram.percentile(0.5)).toBe(0);
  histogram.add(0, -1);
  expect(histogram.format()).toBe("");
  expect(histogram.percentile(0.5)).toBeUndefined();
});

test("a day is in the last bin", () => {
  expect(histogramOf([86_400_000]).percentile(1)).toBeGreaterThan(16_000_000);
});

test("doublings count what is less than each bound, and what is longer than all", () => {
  assert(
    property(durations, (all) => {
      const bounds = [0, ...doublingBoundsMs, Infinity];
      const counts = bounds.slice(1).map((bound, at) => {
        const before = bounds[at] ?? 0;
        return all.filter((duration) => duration >= before && duration < bound).length;
      });
      expect(histogramOf(all).doublings()).toEqual(counts);
    }),
  );
});

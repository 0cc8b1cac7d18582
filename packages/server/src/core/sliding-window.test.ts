import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { minuteMs, SlidingWindow } from "./sliding-window.ts";

const gaps = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { maxLength: 300 });

describe("a sliding window", () => {
  test("lets no more than the limit through in any minute", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), gaps, (limit, pauses) => {
        const window = new SlidingWindow(limit);
        const passed: number[] = [];
        let nowMs = 0;
        for (const pause of pauses) {
          nowMs += pause;
          if (window.waitMs(1, nowMs) > 0) continue;
          window.take(1, nowMs);
          passed.push(nowMs);
        }
        for (const [first, fromMs] of passed.entries()) {
          const within = passed.slice(first).filter((atMs) => atMs < fromMs + minuteMs);
          expect(within.length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  test("under steady load lets the limit through, less a sixtieth at most", () => {
    for (const [limit, everyMs] of [
      [600, 7],
      [60, 900],
      [6_000, 3],
    ] as const) {
      const window = new SlidingWindow(limit);
      const minutes = 20;
      let passed = 0;
      for (let nowMs = 0; nowMs < minutes * minuteMs; nowMs += everyMs) {
        if (window.waitMs(1, nowMs) > 0) continue;
        window.take(1, nowMs);
        passed++;
      }
      expect(passed / minutes).toBeGreaterThan(limit * 0.97);
      expect(passed / minutes).toBeLessThanOrEqual(limit);
    }
  });

  test("a caller that keeps to a slow limit is never refused", () => {
    const window = new SlidingWindow(30);
    for (let nowMs = 0; nowMs < 10 * minuteMs; nowMs += 2_000) {
      expect(window.waitMs(1, nowMs)).toBe(0);
      window.take(1, nowMs);
    }
  });

  test("who waits as long as he was told finds what he waited for", () => {
    const step = fc.record({ amount: fc.integer({ min: 1, max: 400 }), gapMs: fc.nat(4_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const window = new SlidingWindow(100);
        let nowMs = 0;
        for (const { amount, gapMs } of steps) {
          nowMs += gapMs;
          const waitMs = window.waitMs(window.fit(amount), nowMs);
          if (waitMs > 0) {
            nowMs += waitMs;
            expect(window.waitMs(window.fit(amount), nowMs)).toBe(0);
          }
          // More than there is, as of a call that used more than was thought.
          window.take(amount, nowMs);
        }
      }),
    );
  });

  test("a debt is worked off at the rate of the limit", () => {
    const step = fc.record({ amount: fc.integer({ min: 1, max: 1_000 }), gapMs: fc.nat(10_000) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const window = new SlidingWindow(100);
        let nowMs = 0;
        let used = 0;
        for (const { amount, gapMs } of steps) {
          nowMs += gapMs;
          window.take(amount, nowMs);
          used += amount;
        }
        // Whatever was used, all of it is there again only when as much has come since the begin.
        const { resetMs } = window.quota(nowMs);
        expect(((nowMs + resetMs) / minuteMs) * 100).toBeGreaterThanOrEqual(Math.floor(used) - 1e-6);
        expect(window.used(nowMs + resetMs)).toBe(0);
      }),
    );
  });

  test("what is given back counts no longer, and what has come back by itself does not come twice", () => {
    const window = new SlidingWindow(100);
    window.take(80, 0);
    window.take(10, 30_000);
    window.giveBack(50, 0, 40_000);
    expect(window.used(40_000)).toBe(40);
    window.giveBack(30, 0, minuteMs);
    expect(window.used(minuteMs)).toBe(10);
  });
});

import { integrationStates } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backOffDelayMs, jitteredMs } from "./back-off.ts";
import {
  isLegalMove,
  judgeProbe,
  legalMoves,
  maxRestartsInWindow,
  mayRestart,
  restartsInWindow,
  restartWindowMs,
} from "./lifecycle.ts";

const probeStatuses = ["ok", "degraded", "failed", "auth_required"] as const;
const probedStates = ["running", "degraded", "auth_required"] as const;

describe("the table of moves", () => {
  test("has every state of the kit, and no move from a state to itself", () => {
    expect(Object.keys(legalMoves).sort()).toEqual([...integrationStates].sort());
    for (const state of integrationStates) expect(isLegalMove(state, state)).toBe(false);
  });

  test("leads from every state to starting and to stopped", () => {
    for (const from of integrationStates) {
      for (const to of ["starting", "stopped"] as const) {
        if (from !== to) expect(canReach(from, to), `${from} → ${to}`).toBe(true);
      }
    }
  });

  test("enters running only from where an instance can be", () => {
    expect(integrationStates.filter((from) => isLegalMove(from, "running"))).toEqual([
      "starting",
      "degraded",
      "auth_required",
    ]);
  });

  test("lets go of a running instance only through stopping", () => {
    for (const to of integrationStates) {
      const isKept = ["running", "degraded", "auth_required", "stopping"].includes(to);
      if (!isKept) expect(isLegalMove("running", to) || isLegalMove("degraded", to), to).toBe(false);
    }
  });
});

describe("the verdict on a probe", () => {
  test.each([
    ["running", 0, "failed", "running", 1, false],
    ["running", 1, "failed", "degraded", 2, false],
    ["degraded", 2, "failed", "degraded", 3, true],
    ["degraded", 2, "ok", "running", 0, false],
    ["degraded", 0, "failed", "degraded", 1, false],
    ["running", 1, "degraded", "degraded", 0, false],
    ["running", 2, "auth_required", "auth_required", 0, false],
    ["auth_required", 9, "failed", "auth_required", 10, false],
    ["auth_required", 0, "ok", "running", 0, false],
    ["auth_required", 0, "degraded", "degraded", 0, false],
  ] as const)(
    "%s with %i failures and a probe that says %s becomes %s",
    (state, failures, status, to, count, due) => {
      expect(judgeProbe({ state, failures, status, maxRetries: 3 })).toEqual({
        state: to,
        failures: count,
        isRestartDue: due,
      });
    },
  );

  test("is a legal move or none, and restarts exactly at the configured number of failures", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...probedStates),
        fc.nat(120),
        fc.constantFrom(...probeStatuses),
        fc.integer({ min: 1, max: 100 }),
        (state, failures, status, maxRetries) => {
          const verdict = judgeProbe({ state, failures, status, maxRetries });
          expect(verdict.state === state || isLegalMove(state, verdict.state)).toBe(true);
          const isDue = status === "failed" && state !== "auth_required" && failures + 1 >= maxRetries;
          expect(verdict.isRestartDue).toBe(isDue);
        },
      ),
    );
  });
});

describe("the window of restarts", () => {
  test("allows five and refuses the sixth until the first is ten minutes old", () => {
    const times = [0, 1_000, 2_000, 3_000, 4_000];
    expect(mayRestart(times.slice(1), 5_000)).toBe(true);
    expect(mayRestart(times, 5_000)).toBe(false);
    expect(mayRestart(times, restartWindowMs - 1)).toBe(false);
    expect(mayRestart(times, restartWindowMs)).toBe(true);
  });

  test("never counts more than the limit when each restart asked first", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200_000), { maxLength: 60 }), (gapsMs) => {
        let nowMs = 0;
        let times: readonly number[] = [];
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          if (mayRestart(times, nowMs)) times = [...restartsInWindow(times, nowMs), nowMs];
          expect(restartsInWindow(times, nowMs).length).toBeLessThanOrEqual(maxRestartsInWindow);
        }
      }),
    );
  });
});

describe("the delay before a new try", () => {
  test("doubles from one second up to the longest wait", () => {
    const delays = [0, 1, 2, 8, 9, 50].map((attempt) =>
      backOffDelayMs({ attempt, factor: 2, maxDelayMs: 300_000, random: 0 }),
    );
    expect(delays).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });

  test("stays between half of the exponential wait and the whole of it", () => {
    const random = fc.double({
      min: 0,
      max: 1,
      noNaN: true,
      maxExcluded: true,
    });
    const input = fc.record({
      attempt: fc.nat(5_000),
      factor: fc.double({ min: 1, max: 10, noNaN: true }),
      maxDelayMs: fc.integer({ min: 1_000, max: 3_600_000 }),
      random,
    });
    fc.assert(
      fc.property(input, (one) => {
        const delayMs = backOffDelayMs(one);
        const wholeMs = backOffDelayMs({ ...one, random: 0 });
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(wholeMs / 2));
        expect(delayMs).toBeLessThanOrEqual(Math.min(wholeMs, one.maxDelayMs));
        expect(Number.isFinite(delayMs)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(random, (one) => {
        expect(Math.abs(jitteredMs(60_000, one) - 60_000)).toBeLessThanOrEqual(6_000);
      }),
    );
  });
});

function canReach(from: (typeof integrationStates)[number], to: string): boolean {
  const seen = [from];
  for (const state of seen) {
    for (const next of legalMoves[state]) if (!seen.includes(next)) seen.push(next);
  }
  return seen.some((state) => state === to);
}

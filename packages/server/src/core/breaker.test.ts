import { expect, test } from "vitest";
import { Breaker, defaultBreakerSettings } from "./breaker.ts";

const settings = {
  failures: 3,
  windowCalls: 10,
  windowMs: 1_000,
  openMs: 100,
  maxOpenMs: 250,
  probeEveryMs: 10,
};

/** After such calls, one a millisecond from `fromMs` on: `f` failed, `s` succeeded. */
function breakerAfter(calls: string, fromMs: number): Breaker {
  const breaker = new Breaker(settings);
  [...calls].forEach((outcome, index) =>
    outcome === "f" ? breaker.fail(fromMs + index) : breaker.succeed(fromMs + index),
  );
  return breaker;
}

test("lets every call go while nothing failed", () => {
  const breaker = new Breaker(settings);
  expect(breaker.state(0)).toBe("closed");
  expect(breaker.allows(0)).toBe(true);
  expect(breaker.waitMs(0)).toBe(0);
  expect(breaker.badness).toBe(0);
});

test.each([
  ["so many failures in a row", "fff", "open"],
  ["one fewer", "ff", "closed"],
  ["as many with a success between", "ffsf", "closed"],
  ["more than half of so many calls", "ffsffsffsf", "open"],
  ["more than half of one fewer", "ffsffsffs", "closed"],
  ["half of so many calls", "sfsfsfsfsf", "closed"],
])("after %s (%s) it is %s", (_name, calls, state) => {
  expect(breakerAfter(calls, 5_000).state(5_009)).toBe(state);
});

test.each([
  ["counts a call at the end of the window with those before", 6_000, "open"],
  ["counts anew after it", 6_001, "closed"],
])("%s", (_name, atMs, state) => {
  const breaker = breakerAfter("ffsffsffs", 5_000);
  breaker.fail(atMs);
  expect(breaker.state(atMs)).toBe(state);
});

test("keeps calls away for a time, then lets one go each so often", () => {
  const breaker = breakerAfter("fff", 998);
  expect(breaker.badness).toBe(1_100);
  expect(breaker.waitMs(1_000)).toBe(100);
  expect(breaker.allows(1_099)).toBe(false);
  expect(breaker.state(1_099)).toBe("open");
  expect(breaker.waitMs(1_099)).toBe(1);
  expect(breaker.state(1_100)).toBe("half_open");
  expect(breaker.waitMs(1_100)).toBe(0);
  expect(breaker.allows(1_100)).toBe(true);
  expect(breaker.allows(1_100)).toBe(false);
  expect(breaker.waitMs(1_104)).toBe(6);
  expect(breaker.allows(1_109)).toBe(false);
  expect(breaker.allows(1_110)).toBe(true);
});

test("stays open longer each time that its trial fails, up to a bound", () => {
  const breaker = breakerAfter("fff", 998);
  breaker.fail(1_100);
  expect(breaker.badness).toBe(1_300);
  breaker.fail(1_300);
  expect(breaker.badness).toBe(1_550);
  breaker.fail(1_550);
  expect(breaker.badness).toBe(1_800);
});

test("does not stay open longer for a call that began before it opened", () => {
  const breaker = breakerAfter("fff", 998);
  breaker.fail(1_099);
  expect(breaker.badness).toBe(1_100);
});

test("is closed by one success, and opens for the shortest time after it", () => {
  const breaker = breakerAfter("fff", 998);
  breaker.fail(1_100);
  expect(breaker.allows(1_300)).toBe(true);
  breaker.succeed(1_301);
  expect(breaker.state(1_301)).toBe("closed");
  expect(breaker.waitMs(1_301)).toBe(0);
  expect(breaker.allows(1_301)).toBe(true);
  expect(breaker.allows(1_301)).toBe(true);
  for (const atMs of [2_000, 2_001, 2_002]) breaker.fail(atMs);
  expect(breaker.waitMs(2_002)).toBe(100);
});

test("usually opens after five failures, for half a minute", () => {
  const breaker = new Breaker(defaultBreakerSettings);
  for (let count = 1; count <= 5; count++) {
    expect(breaker.state(0)).toBe("closed");
    breaker.fail(0);
  }
  expect(breaker.waitMs(0)).toBe(30_000);
});

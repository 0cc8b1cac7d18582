import { describe, expect, it } from "vitest";
import { coresWithin, memoryLimitOf, parseCpuMax, threadsFor } from "./available-resources.ts";

describe("available resources", () => {
  it.each([
    ["max 100000", undefined],
    ["150000 100000", 1.5],
    ["-1 100000", undefined],
    ["50000 100000\n", 0.5],
    ["", undefined],
  ])("reads the quota %j as %s cores", (text, cores) => {
    expect(parseCpuMax(text)).toBe(cores);
  });

  it("uses whole cores within the quota, and at least one", () => {
    expect([coresWithin(8, undefined), coresWithin(8, 2.9), coresWithin(8, 0.5), coresWithin(2, 6)]).toEqual([
      8, 2, 1, 2,
    ]);
  });

  it("gives a tiny model one thread, and the settings the last word", () => {
    expect([
      threadsFor(1_600_000, 8, undefined),
      threadsFor(64_000_000, 8, undefined),
      threadsFor(1, 8, 3),
    ]).toEqual([1, 8, 3]);
  });

  it("leaves a fifth of the memory to others unless told a limit", () => {
    expect(memoryLimitOf(1000, undefined)).toBe(800);
    expect(memoryLimitOf(1000, 5000)).toBe(5000);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeOverload, noOverload, type Overload, type OverloadReading } from "./overload.ts";

const settings = { closeConnectionsRatio: 0.92, refuseRatio: 0.95, maxLoopDelayMs: 100 };

function after(readings: readonly Partial<OverloadReading>[], start = noOverload): Overload {
  return readings.reduce<Overload>(
    (state, reading) => judgeOverload(state, { memoryRatio: 0.5, loopDelayMs: 0, ...reading }, settings),
    start,
  );
}

const memory = (...ratios: readonly (number | undefined)[]) =>
  after(ratios.map((memoryRatio) => ({ memoryRatio }))).memory;
const delays = (...loopDelaysMs: readonly number[]) =>
  after(loopDelaysMs.map((loopDelayMs) => ({ loopDelayMs }))).shedRatio;

describe("memory", () => {
  test.each([
    [[0.919], "ok"],
    [[0.92], "high"],
    [[0.949], "high"],
    [[0.95], "full"],
    [[0.95, 0.93], "full"],
    [[0.95, 0.919], "high"],
    [[0.95, 0.919, 0.9], "high"],
    [[0.95, 0.88], "ok"],
    [[0.92, 0.9], "high"],
    [[0.92, 0.889], "ok"],
    [[0.96, undefined], "ok"],
  ] as const)("readings of %j leave it %s", (ratios, state) => {
    expect(memory(...ratios)).toBe(state);
  });

  test("a reading that swings within the hysteresis changes nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.921, max: 0.99, noNaN: true }), { minLength: 1 }), (ratios) => {
        expect(memory(0.95, ...ratios)).toBe("full");
      }),
    );
  });
});

describe("the delay of the event loop", () => {
  test("one late reading sheds nothing, a long one grows the part that is shed to nine tenths", () => {
    expect(delays(5_000)).toBe(0);
    expect(delays(5_000, 0, 5_000)).toBe(0);
    expect(delays(110, 110)).toBeCloseTo(0.11);
    expect(delays(110, 110, 110)).toBeCloseTo(0.22);
    expect(delays(1_000, 1_000)).toBeCloseTo(0.3);
    expect(delays(...Array.from({ length: 50 }, () => 1_000))).toBe(0.9);
  });

  test("what is shed stays while the loop is nearly late, and ebbs away when it is not", () => {
    const shed = after(Array.from({ length: 3 }, () => ({ loopDelayMs: 100.5 })));
    expect(after([{ loopDelayMs: 80 }], shed).shedRatio).toBe(shed.shedRatio);
    expect(after([{ loopDelayMs: 10 }], shed).shedRatio).toBeCloseTo(shed.shedRatio - 0.1);
    expect(
      after(
        Array.from({ length: 9 }, () => ({ loopDelayMs: 10 })),
        shed,
      ).shedRatio,
    ).toBe(0);
  });

  test("a bound of 0 sheds nothing, and the part is always one", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), fc.nat(2), (list, most) => {
        let state = noOverload;
        for (const loopDelayMs of list) {
          state = judgeOverload(
            state,
            { memoryRatio: undefined, loopDelayMs },
            {
              ...settings,
              maxLoopDelayMs: most * 100,
            },
          );
          expect(state.shedRatio).toBeGreaterThanOrEqual(0);
          expect(state.shedRatio).toBeLessThanOrEqual(most === 0 ? 0 : 0.9);
        }
      }),
    );
  });
});

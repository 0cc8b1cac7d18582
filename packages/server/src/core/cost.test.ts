import type { Usage } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costMicros, dearestOf, dearestRates, mostCostMicros, type Price, toPrice } from "./cost.ts";
import type { PriceTerms } from "./price-terms.ts";

function priceOf(amounts: Partial<PriceTerms>): Price {
  return toPrice({
    source: "config",
    version: "config:1",
    model: "*",
    inputPerMillion: 0,
    outputPerMillion: 0,
    currency: "USD",
    ...amounts,
  });
}

describe("what a call costs", () => {
  it.each<[Usage, Partial<PriceTerms>, number | null]>([
    [{ inputTokens: 1_000, outputTokens: 500 }, { inputPerMillion: 0.15, outputPerMillion: 0.6 }, 450],
    [{ inputTokens: 3 }, { inputPerMillion: 0.15 }, 0],
    [{ inputTokens: 10 }, { inputPerMillion: 0.15 }, 2],
    [
      { inputTokens: 100, cacheReadTokens: 60, cacheWriteTokens: 20 },
      { inputPerMillion: 10, cacheReadPerMillion: 1, cacheWritePerMillion: 20 },
      660,
    ],
    [{ inputTokens: 100, cacheReadTokens: 60 }, { inputPerMillion: 10 }, 1_000],
    [{ inputTokens: 10, outputTokens: 10, reasoningTokens: 8 }, { outputPerMillion: 1 }, 10],
    [
      { inputTokens: 0, outputTokens: 10, reasoningTokens: 8 },
      { outputPerMillion: 1, reasoningPerMillion: 10 },
      82,
    ],
    [
      { inputTokens: 0, outputTokens: 5, reasoningTokens: 8 },
      { outputPerMillion: 1, reasoningPerMillion: 10 },
      50,
    ],
    [{ inputTokens: 10, outputTokens: 1 }, { inputPerMillion: 1, perRequest: 0.002 }, 2_010],
    [{ outputTokens: 10 }, { inputPerMillion: 5, outputPerMillion: 1 }, 10],
    [{}, { perRequest: 0.002 }, 2_000],
    [{}, { inputPerMillion: 1, perRequest: 0.002 }, null],
    [{}, { inputPerMillion: 1 }, null],
    [{}, {}, null],
    [{ cacheReadTokens: 5, inputTokens: 3 }, { inputPerMillion: 100, cacheReadPerMillion: 0 }, 0],
  ])("%j at %j is %s", (usage, amounts, expected) => {
    expect(costMicros(usage, priceOf(amounts), 0)).toBe(expected);
  });

  const tokens = fc.integer({ min: 0, max: 20_000_000 });
  const micros = fc.integer({ min: 0, max: 1_000_000_000 });

  it("is exact to the last millionth, also for the longest calls at the highest prices", () => {
    fc.assert(
      fc.property(
        fc.tuple(tokens, tokens),
        fc.tuple(micros, micros),
        ([inputTokens, outputTokens], [input, output]) => {
          const price = {
            ...priceOf({}),
            input,
            output,
            cacheRead: input,
            cacheWrite: input,
            reasoning: output,
          };
          const exact =
            (BigInt(inputTokens) * BigInt(input) + BigInt(outputTokens) * BigInt(output) + 500_000n) /
            1_000_000n;
          expect(costMicros({ inputTokens, outputTokens }, price, 0)).toBe(Number(exact));
        },
      ),
    );
  });

  it("is exact where the sum of its parts is more than a double holds", () => {
    const price = { ...priceOf({}), input: 1_000_000_000, perRequest: 499_999 };
    expect(costMicros({ inputTokens: 20_000_000 }, price, 0)).toBe(20_000_000_000);
    expect(costMicros({ inputTokens: 20_000_000 }, { ...price, perRequest: 500_000 }, 0)).toBe(
      20_000_000_001,
    );
  });

  it("counts each kind of tokens, and the call, also where that is much", () => {
    const price = {
      ...priceOf({}),
      input: 1_000_000_000,
      output: 2_000_000_000,
      cacheRead: 3_000_000_000,
      cacheWrite: 4_000_000_000,
      reasoning: 5_000_000_000,
      perRequest: 7_000_000,
      perMs: 11_000_000,
    };
    const usage = {
      inputTokens: 20_000_000,
      cacheReadTokens: 4_000_000,
      cacheWriteTokens: 5_000_000,
      outputTokens: 20_000_000,
      reasoningTokens: 7_000_000,
    };
    expect(costMicros(usage, price, 1)).toBe(
      11_000_000_000 + 12_000_000_000 + 20_000_000_000 + 26_000_000_000 + 35_000_000_000 + 7 + 11,
    );
  });

  it("reads a price as it was written, without the error of its binary form", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (written) => {
        expect(
          priceOf({
            inputPerMillion: Number(`${Math.floor(written / 1e6)}.${String(written % 1e6).padStart(6, "0")}`),
          }).input,
        ).toBe(written);
      }),
    );
  });
});

describe("a price for long inputs", () => {
  const longPrice = () =>
    priceOf({
      inputPerMillion: 1,
      outputPerMillion: 2,
      long: { aboveInputTokens: 1_000, inputPerMillion: 10, outputPerMillion: 20 },
    });

  it.each([
    [{ inputTokens: 1_000, outputTokens: 1 }, 1_002],
    [{ inputTokens: 1_001, outputTokens: 1 }, 10_030],
    [{ inputTokens: 1_001, cacheReadTokens: 1_000, outputTokens: 0 }, 10_010],
  ])("makes %j cost %d", (usage, cost) => {
    expect(costMicros(usage, longPrice(), 0)).toBe(cost);
  });

  it("holds for what a call costs at most above the same number of tokens", () => {
    const mostOf = (inputTokens: number) =>
      mostCostMicros({ inputTokens, outputTokens: 1 }, dearestRates(longPrice(), inputTokens));
    expect(mostOf(1_000)).toBe(1_002);
    expect(mostOf(1_001)).toBe(10_030);
  });
});

describe("the dearest of some prices", () => {
  it("is each rate by itself, of long inputs and caches too", () => {
    const prices = [
      priceOf({
        inputPerMillion: 3,
        outputPerMillion: 1,
        cacheWritePerMillion: 4,
        perRequest: 0.002,
        long: { aboveInputTokens: 1_000, inputPerMillion: 1, outputPerMillion: 20 },
      }),
      priceOf({ inputPerMillion: 1, outputPerMillion: 2, reasoningPerMillion: 9, perRequest: 0.001 }),
    ];
    expect(dearestOf(prices)).toEqual({
      input: 4_000_000,
      output: 20_000_000,
      perRequest: 2_000_000_000,
    });
    expect(dearestOf(prices.slice(1))).toEqual({
      input: 1_000_000,
      output: 9_000_000,
      perRequest: 1_000_000_000,
    });
  });
});

describe("the price of the time that an attempt took", () => {
  it.each([
    ["a second at a rate", { perSecond: 0.000_5 }, 1_000, 500],
    ["part of one, rounded once", { perSecond: 0.000_5 }, 3, 2],
    ["an hour of a kilowatt", { energy: { watts: 1_000, pricePerKwh: 0.3 } }, 3_600_000, 300_000],
    ["twelve seconds of 350 watts", { energy: { watts: 350, pricePerKwh: 0.32 } }, 12_000, 373],
    ["both", { perSecond: 0.001, energy: { watts: 360, pricePerKwh: 1 } }, 10_000, 11_000],
    ["time and tokens", { perSecond: 0.001, inputPerMillion: 10 }, 1_000, 2_000],
    ["none, which is free", { perSecond: 0 }, 1_000, 0],
    ["the longest at the highest", { perSecond: 1_000 }, 17_000_000, 17_000_000_000_000],
  ])("is right for %s", (_name, amounts, durationMs, expected) => {
    expect(costMicros({ inputTokens: 100, outputTokens: 0 }, priceOf(amounts), durationMs)).toBe(expected);
  });

  it("needs no tokens where they have no price", () => {
    expect(costMicros({}, priceOf({ perSecond: 1 }), 2_000)).toBe(2_000_000);
    expect(costMicros({}, priceOf({ perSecond: 1, outputPerMillion: 1 }), 2_000)).toBeNull();
  });
});

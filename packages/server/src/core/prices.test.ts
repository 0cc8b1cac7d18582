import type { Usage } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costMicros, createPriceTable, type Price, type PriceEntry } from "./prices.ts";

function entry(changes: Partial<PriceEntry>): PriceEntry {
  return {
    source: "config",
    version: "config:1",
    model: "*",
    inputPerMillion: 0,
    outputPerMillion: 0,
    currency: "USD",
    ...changes,
  };
}

function priceOf(amounts: Partial<PriceEntry>): Price {
  const price = createPriceTable([entry(amounts)]).lookup({
    integration: "i",
    provider: "p",
    model: "m",
    atMs: 0,
  });
  if (price === undefined) throw new Error("no price");
  return price;
}

describe("looking a price up", () => {
  // The marker of each entry is its input price, so that the answer says which one was found.
  const table = createPriceTable([
    entry({ model: "*", inputPerMillion: 1 }),
    entry({ model: "gpt-*", inputPerMillion: 2 }),
    entry({ model: "gpt-5*", inputPerMillion: 3 }),
    entry({ model: "gpt-5", inputPerMillion: 4 }),
    entry({ integration: "azure", model: "*", inputPerMillion: 5 }),
    entry({ integration: "azure", model: "gpt-5", inputPerMillion: 6 }),
    entry({ integration: "azure", model: "gpt-5", inputPerMillion: 7, effectiveFromMs: 1_000 }),
    entry({ integration: "azure", model: "gpt-5", inputPerMillion: 8, effectiveFromMs: 2_000 }),
  ]);

  it.each([
    { integration: "any", model: "llama", atMs: 0, expected: 1 },
    { integration: "any", model: "gpt-4", atMs: 0, expected: 2 },
    { integration: "any", model: "gpt-5-mini", atMs: 0, expected: 3 },
    { integration: "any", model: "gpt-5", atMs: 0, expected: 4 },
    { integration: "azure", model: "llama", atMs: 0, expected: 5 },
    { integration: "azure", model: "gpt-4", atMs: 0, expected: 5 },
    { integration: "azure", model: "gpt-5", atMs: 999, expected: 6 },
    { integration: "azure", model: "gpt-5", atMs: 1_000, expected: 7 },
    { integration: "azure", model: "gpt-5", atMs: 5_000, expected: 8 },
  ])("finds the most specific for $integration/$model at $atMs", ({ expected, ...question }) => {
    for (const _again of [1, 2])
      expect(table.lookup({ provider: "p", ...question })?.input).toBe(expected * 1_000_000);
  });

  it("knows the difference between unknown and free", () => {
    const some = createPriceTable([entry({ model: "local-*" })]);
    expect(some.lookup({ integration: "i", provider: "p", model: "other", atMs: 0 })).toBeUndefined();
    const free = some.lookup({ integration: "i", provider: "p", model: "local-1", atMs: 0 });
    expect(free === undefined ? undefined : costMicros({ inputTokens: 5 }, free)).toBe(0);
  });

  it("prefers what is configured, however wide, to what is bundled, however narrow", () => {
    const both = createPriceTable([
      entry({ source: "bundled", version: "bundled:1", model: "gpt-5" }),
      entry({ version: "config:2", model: "gpt*" }),
      entry({ source: "bundled", version: "bundled:3", model: "o3" }),
    ]);
    const versionOf = (model: string) =>
      both.lookup({ integration: "i", provider: "p", model, atMs: 0 })?.version;
    expect([versionOf("gpt-5"), versionOf("o3"), versionOf("llama")]).toEqual([
      "config:2",
      "bundled:3",
      undefined,
    ]);
  });

  it("holds for the provider it is for, also when an integration becomes another", () => {
    const hosted = createPriceTable([entry({ provider: "openai", model: "*" })]);
    const isKnown = (provider: string) =>
      hosted.lookup({ integration: "i", provider, model: "m", atMs: 0 }) !== undefined;
    expect(["openai", "vllm", "openai"].map(isKnown)).toEqual([true, false, true]);
  });

  it("does not depend on the order of the entries", () => {
    const entries = [
      entry({ model: "a*", inputPerMillion: 1 }),
      entry({ model: "ab*", inputPerMillion: 2 }),
      entry({ integration: "i", inputPerMillion: 3 }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 3 }), (shuffled) => {
        const shuffledTable = createPriceTable(shuffled);
        expect(shuffledTable.lookup({ integration: "x", provider: "p", model: "abc", atMs: 0 })?.input).toBe(
          2_000_000,
        );
        expect(shuffledTable.lookup({ integration: "i", provider: "p", model: "abc", atMs: 0 })?.input).toBe(
          3_000_000,
        );
      }),
    );
  });
});

describe("what a call costs", () => {
  it.each<[Usage, Partial<PriceEntry>, number | null]>([
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
    [{}, { inputPerMillion: 1 }, null],
    [{ cacheReadTokens: 5, inputTokens: 3 }, { inputPerMillion: 100, cacheReadPerMillion: 0 }, 0],
  ])("%j at %j is %s", (usage, amounts, expected) => {
    expect(costMicros(usage, priceOf(amounts))).toBe(expected);
  });

  const tokens = fc.integer({ min: 0, max: 20_000_000 });
  const micros = fc.integer({ min: 0, max: 1_000_000_000 });

  it("is exact to the last millionth, also for the longest calls at the highest prices", () => {
    fc.assert(
      fc.property(
        fc.tuple(tokens, tokens),
        fc.tuple(micros, micros),
        ([inputTokens, outputTokens], [input, output]) => {
          const rates = { input, output, cacheRead: input, cacheWrite: input };
          const price: Price = { version: "config:1", currency: "USD", long: undefined, ...rates };
          const exact =
            (BigInt(inputTokens) * BigInt(input) + BigInt(outputTokens) * BigInt(output) + 500_000n) /
            1_000_000n;
          expect(costMicros({ inputTokens, outputTokens }, price)).toBe(Number(exact));
        },
      ),
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
  const price = priceOf({
    inputPerMillion: 1,
    outputPerMillion: 2,
    long: { aboveInputTokens: 1_000, inputPerMillion: 10, outputPerMillion: 20 },
  });

  it.each([
    [{ inputTokens: 1_000, outputTokens: 1 }, 1_002],
    [{ inputTokens: 1_001, outputTokens: 1 }, 10_030],
    [{ inputTokens: 1_001, cacheReadTokens: 1_000, outputTokens: 0 }, 10_010],
  ])("makes %j cost %d", (usage, cost) => {
    expect(costMicros(usage, price)).toBe(cost);
  });
});

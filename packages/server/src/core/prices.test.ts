import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costMicros } from "./cost.ts";
import { type PriceEntry, untilNext } from "./price-terms.ts";
import { createPriceTable } from "./prices.ts";

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
    expect(free === undefined ? undefined : costMicros({ inputTokens: 5 }, free, 0)).toBe(0);
  });

  it("prefers what an operator set to what is configured, and that to what is bundled, however narrow", () => {
    const both = createPriceTable([
      entry({ source: "operator", version: "operator:1", model: "gpt-6*" }),
      entry({ version: "config:6", model: "gpt-6" }),
      entry({ source: "bundled", version: "bundled:1", model: "gpt-5" }),
      entry({ version: "config:2", model: "gpt*" }),
      entry({ source: "bundled", version: "bundled:3", model: "o3" }),
    ]);
    const versionOf = (model: string) =>
      both.lookup({ integration: "i", provider: "p", model, atMs: 0 })?.version;
    expect([versionOf("gpt-6"), versionOf("gpt-5"), versionOf("o3"), versionOf("llama")]).toEqual([
      "operator:1",
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

  it("ends a price where it says, and then asks those behind it", () => {
    const ended = createPriceTable([
      entry({ source: "operator", version: "operator:1", model: "m", effectiveUntilMs: 1_000 }),
      entry({ version: "config:1", model: "m" }),
    ]);
    const at = (atMs: number) => ended.lookup({ integration: "i", provider: "p", model: "m", atMs })?.version;
    expect([at(0), at(999), at(1_000)]).toEqual(["operator:1", "operator:1", "config:1"]);
  });

  it("knows no price where the one that would hold cannot be read", () => {
    const broken = createPriceTable([
      entry({ source: "operator", version: "operator:unreadable", model: "m", isUnreadable: true }),
      entry({ version: "config:1", model: "*" }),
    ]);
    const versionOf = (model: string) =>
      broken.lookup({ integration: "i", provider: "p", model, atMs: 0 })?.version;
    expect([versionOf("m"), versionOf("n")]).toEqual([undefined, "config:1"]);
  });

  it("is by the new prices from the look-up after they were replaced", () => {
    const live = createPriceTable([entry({ version: "config:1" })]);
    const versionOf = () => live.lookup({ integration: "i", provider: "p", model: "m", atMs: 0 })?.version;
    const before = versionOf();
    live.replace([entry({ version: "config:2" })]);
    const after = versionOf();
    live.replace([]);
    expect([before, after, versionOf()]).toEqual(["config:1", "config:2", undefined]);
  });
});

describe("the most that a token can cost", () => {
  const table = createPriceTable([
    entry({ model: "a", inputPerMillion: 1, outputPerMillion: 2, cacheWritePerMillion: 3 }),
    entry({ model: "b", inputPerMillion: 2, outputPerMillion: 1, reasoningPerMillion: 9 }),
    entry({
      model: "c",
      inputPerMillion: 1,
      outputPerMillion: 1,
      long: { aboveInputTokens: 1, inputPerMillion: 5, outputPerMillion: 1 },
    }),
    entry({ model: "d", inputPerMillion: 100, effectiveFromMs: 1_000 }),
    entry({ model: "e", inputPerMillion: 200, effectiveUntilMs: 0 }),
    entry({ model: "f", inputPerMillion: 300, currency: "EUR", perRequest: 0.002 }),
  ]);

  it.each([
    ["USD", { input: 200_000_000, output: 9_000_000, perRequest: 0 }],
    ["EUR", { input: 300_000_000, output: 0, perRequest: 2_000_000_000 }],
    ["CHF", undefined],
  ])("in %s is %j, whenever a price holds", (currency, expected) => {
    expect(table.ceiling(currency)).toEqual(expected);
  });

  it("is by the new prices after they were replaced", () => {
    const live = createPriceTable([entry({ inputPerMillion: 1 })]);
    live.replace([
      entry({ inputPerMillion: 2 }),
      entry({ model: "x", inputPerMillion: 9, isUnreadable: true }),
    ]);
    expect(live.ceiling("USD")?.input).toBe(2_000_000);
  });
});

describe("prices one after the other", () => {
  it("hold until the next for exactly the same models begins", () => {
    const steps = untilNext([
      entry({ model: "m", effectiveFromMs: 2 }),
      entry({ model: "m" }),
      entry({ model: "m", effectiveFromMs: 5 }),
      entry({ model: "m", integration: "i", effectiveFromMs: 3 }),
      entry({ model: "m*", provider: "m", effectiveFromMs: 4 }),
    ]);
    expect(steps.map(({ effectiveUntilMs }) => effectiveUntilMs)).toEqual([
      5,
      2,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

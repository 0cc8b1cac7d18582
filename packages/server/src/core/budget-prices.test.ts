import fc from "fast-check";
import { expect, test } from "vitest";
import { createBudgetPrices } from "./budget-prices.ts";
import { costMicros } from "./cost.ts";
import type { PriceEntry } from "./price-terms.ts";
import { createPriceTable } from "./prices.ts";

const entry = (terms: Partial<PriceEntry>): PriceEntry => ({
  model: "m",
  inputPerMillion: 1,
  outputPerMillion: 2,
  currency: "USD",
  version: "v",
  source: "config",
  ...terms,
});
const question = { integration: "office", provider: "openai", model: "m", atMs: 0 };
const tokens = { inputTokens: 1_000, outputTokens: 100 };

test("an estimate is by the price in the currency, and no call of so many tokens costs more", () => {
  const rate = fc.nat(50_000).map((number) => number / 1_000);
  const terms = fc.record({
    inputPerMillion: rate,
    outputPerMillion: rate,
    cacheReadPerMillion: fc.option(rate, { nil: undefined }),
    cacheWritePerMillion: fc.option(rate, { nil: undefined }),
    reasoningPerMillion: fc.option(rate, { nil: undefined }),
    perRequest: fc.option(rate, { nil: undefined }),
    long: fc.option(
      fc.record({ aboveInputTokens: fc.nat(2_000), inputPerMillion: rate, outputPerMillion: rate }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(terms, fc.nat(3_000), fc.nat(3_000), fc.nat(3_000), (price, inputTokens, cached, output) => {
      const prices = createPriceTable([entry(price)]);
      const { estimate } = createBudgetPrices({ prices, unknownPrice: undefined });
      const most = estimate(question, "USD", { inputTokens, outputTokens: output });
      const found = prices.lookup(question);
      const cacheReadTokens = Math.min(cached, inputTokens);
      for (const usage of [
        { inputTokens, outputTokens: output },
        { inputTokens, outputTokens: output, cacheReadTokens },
        { inputTokens, outputTokens: output, cacheWriteTokens: cacheReadTokens },
        { inputTokens, outputTokens: output, reasoningTokens: Math.min(cached, output) },
      ])
        expect(found && costMicros(usage, found, 0)).toBeLessThanOrEqual(most);
    }),
  );
});

test.each([
  ["nothing on a server of one's own", { provider: "vllm" }, "USD", 0],
  ["its price there, where it has one", { provider: "vllm", model: "own" }, "USD", 1_000 * 7],
  [
    "the dearest rates where its price is in another currency",
    { provider: "vllm", model: "own" },
    "EUR",
    5_500,
  ],
  ["the dearest rates of the currency", { model: "other" }, "USD", 1_000 * 30 + 100 * 60],
  ["the same where its price is in another currency", {}, "EUR", 1_000 * 5 + 100 * 5],
  ["nothing in a currency of which there is none", {}, "JPY", 0],
] as const)("what has no price counts %s", (_name, changes, currency, micros) => {
  const prices = createPriceTable([
    entry({}),
    entry({ model: "own", inputPerMillion: 7, outputPerMillion: 0 }),
    entry({ model: "dear", inputPerMillion: 10, outputPerMillion: 60, cacheWritePerMillion: 30 }),
    entry({ model: "euro", inputPerMillion: 5, outputPerMillion: 5, currency: "EUR" }),
  ]);
  const { estimate, assume } = createBudgetPrices({ prices, unknownPrice: undefined });
  const asked = { ...question, model: "unlisted", ...changes };
  expect(estimate(asked, currency, tokens)).toBe(micros);
  // What is assumed is asked where the price in the currency is not known.
  if (prices.lookup(asked)?.currency !== currency) expect(assume(asked, currency, tokens)).toBe(micros);
});

test("the configuration says what an unknown price is taken for", () => {
  const unknownPrice = { input: 4_000_000, output: 0 };
  const { estimate, assume } = createBudgetPrices({ prices: createPriceTable([]), unknownPrice });
  expect(estimate(question, "USD", tokens)).toBe(4_000);
  expect(assume(question, "JPY", tokens)).toBe(4_000);
  expect(assume({ ...question, provider: "ollama" }, "USD", tokens)).toBe(0);
});

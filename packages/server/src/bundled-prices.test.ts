import { expect, it } from "vitest";
import { bundledPriceTerms } from "./bundled-prices.ts";
import { createPriceTable } from "./core/prices.ts";

const terms = bundledPriceTerms();
const table = createPriceTable(
  terms.map((each, index) => ({ ...each, source: "bundled", version: `bundled:${index}` })),
);
const at = (date: string, model: string, provider = "openai") =>
  table.lookup({ integration: "office", provider, model, atMs: Date.parse(date) });

it("says one price for a name and a time", () => {
  const names = terms.map(
    ({ provider, model, effectiveFromMs }) => `${provider} ${model} ${effectiveFromMs}`,
  );
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

it("has no negative amount, and none that is beyond all measure", () => {
  for (const each of terms)
    for (const rates of each.long === undefined ? [each] : [each, each.long])
      for (const amount of [rates.inputPerMillion, rates.outputPerMillion, rates.cacheReadPerMillion ?? 0])
        expect(amount >= 0 && amount <= 1_000).toBe(true);
});

it("knows models of the vendors' own APIs, by time and by length, and not those of a server of one's own", () => {
  expect(at("2026-10-01", "gpt-4o")).toMatchObject({ currency: "USD", input: 2_500_000, output: 10_000_000 });
  expect(at("2026-07-29", "gpt-5.6-luna-2026-06-01")?.input).toBe(1_000_000);
  expect(at("2026-07-30", "gpt-5.6-luna-2026-06-01")?.input).toBe(200_000);
  expect(at("2026-07-30", "gpt-5.4")?.long).toMatchObject({ aboveInputTokens: 271_999, input: 5_000_000 });
  expect(at("2026-10-01", "gpt-4o", "vllm")).toBeUndefined();
  expect(at("2026-10-01", "tiny-chat")).toBeUndefined();
  expect(at("2026-10-01", "claude-3-5-sonnet-20241022", "anthropic")?.input).toBe(3_000_000);
});

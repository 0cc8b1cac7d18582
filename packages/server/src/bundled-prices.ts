import data from "./bundled-prices.json" with { type: "json" };
import type { PriceTerms } from "./core/price-terms.ts";

/**
 * How platforms call themselves whose models the bundled prices are for, and how the names of their models begin; a server of
 * one's own costs something else. Over OpenAI's dialect, models of every vendor are called.
 */
const hostedProviders = [
  { provider: "openai", names: "" },
  { provider: "anthropic", names: "claude" },
];

/** The prices that come with the server: those of the vendors' own APIs, in dollars. The file says where they are from. */
export function bundledPriceTerms(): readonly PriceTerms[] {
  return hostedProviders.flatMap(({ provider, names }) =>
    data.prices
      .filter(({ model }) => model.startsWith(names))
      .map(({ model, effective_from, long, ...rates }) => ({
        provider,
        model,
        ...toRates(rates),
        ...(long === null ? {} : { long: { aboveInputTokens: long.above_input_tokens, ...toRates(long) } }),
        currency: "USD",
        effectiveFromMs: effective_from === null ? undefined : Date.parse(effective_from),
      })),
  );
}

interface BundledRates {
  readonly input: number;
  readonly output: number;
  readonly cache_read: number | null;
  readonly cache_write: number | null;
}

function toRates({ input, output, cache_read, cache_write }: BundledRates) {
  return {
    inputPerMillion: input,
    outputPerMillion: output,
    cacheReadPerMillion: cache_read ?? undefined,
    cacheWritePerMillion: cache_write ?? undefined,
  };
}

import data from "./bundled-prices.json" with { type: "json" };
import type { PriceTerms } from "./core/price-terms.ts";

/** How platforms call themselves whose models the bundled prices are for; a server of one's own costs something else. */
const hostedProvider = "openai";

/** The prices that come with the server: those of the vendors' own APIs, in dollars. The file says where they are from. */
export function bundledPriceTerms(): readonly PriceTerms[] {
  return data.prices.map(({ model, effective_from, long, ...rates }) => ({
    provider: hostedProvider,
    model,
    ...toRates(rates),
    ...(long === null ? {} : { long: { aboveInputTokens: long.above_input_tokens, ...toRates(long) } }),
    currency: "USD",
    effectiveFromMs: effective_from === null ? undefined : Date.parse(effective_from),
  }));
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

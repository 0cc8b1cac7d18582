import { type DearestRates, dearestRates, mostCostMicros, type TokenCounts } from "./cost.ts";
import type { PriceQuestion, PriceTable } from "./prices.ts";

/** What calls count for budgets: by the price where there is one in the budget's currency, else by a dear one. */
export interface BudgetPrices {
  /** The most that a call of so many tokens costs, in millionths of the currency. */
  estimate(question: PriceQuestion, currency: string, tokens: TokenCounts): number;
  /** What tokens cost of which the price in this currency is not known; 0 where there is nothing to go by. */
  assume(question: PriceQuestion, currency: string, tokens: TokenCounts): number;
}

export interface BudgetPriceParts {
  readonly prices: PriceTable;
  /** What a model is taken to cost whose price is not known; undefined for the dearest price that is known. */
  readonly unknownPrice: DearestRates | undefined;
}

/** Providers that are programs on machines of one's own: what has no price there costs nothing. */
const ownProviders: ReadonlySet<string> = new Set([
  "llama_cpp",
  "lm_studio",
  "localai",
  "ollama",
  "text_generation_webui",
  "vllm",
]);

export function createBudgetPrices({ prices, unknownPrice }: BudgetPriceParts): BudgetPrices {
  const assumedRates = (currency: string) => unknownPrice ?? prices.ceiling(currency) ?? nothing;
  return {
    estimate(question, currency, tokens) {
      const price = prices.lookup(question);
      if (price?.currency === currency)
        return mostCostMicros(tokens, dearestRates(price, tokens.inputTokens));
      if (price === undefined && ownProviders.has(question.provider)) return 0;
      return mostCostMicros(tokens, assumedRates(currency));
    },
    assume(question, currency, tokens) {
      if (ownProviders.has(question.provider) && prices.lookup(question) === undefined) return 0;
      return mostCostMicros(tokens, assumedRates(currency));
    },
  };
}

const nothing: DearestRates = { input: 0, output: 0 };

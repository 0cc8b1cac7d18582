import type { Usage } from "@llm-platform/kit";

/** Amounts in units of a currency for a million tokens. */
export interface Rates {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
  /** Default: as other input. */
  readonly cacheReadPerMillion?: number | undefined;
  /** Default: as other input. */
  readonly cacheWritePerMillion?: number | undefined;
}

/** What the tokens of a model cost. */
export interface PriceTerms extends Rates {
  /** Only for models of platforms that call themselves so; absent for all. */
  readonly provider?: string | undefined;
  /** Only for models of this integration; absent for all. */
  readonly integration?: string | undefined;
  /** Name of a model as its integration spells it, or the beginning of one followed by `*`. */
  readonly model: string;
  /** What all tokens of a call cost whose input has more than so many; absent where they cost the same. */
  readonly long?: (Rates & { readonly aboveInputTokens: number }) | undefined;
  /** ISO 4217. */
  readonly currency: string;
  /** Since the epoch; absent for always. Of several, the latest that has come holds. */
  readonly effectiveFromMs?: number | undefined;
}

/** Terms that are known by a name, which stands on each record that was priced by them. */
export interface PriceEntry extends PriceTerms {
  /** The same for the same terms of the same source, and for no others. */
  readonly version: string;
  /** What the configuration says beats what came with the server. */
  readonly source: "config" | "bundled";
}

interface WholeRates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** A price in whole numbers: millionths of the currency for a million tokens. */
export interface Price extends WholeRates {
  readonly version: string;
  readonly currency: string;
  /** Instead, for a call whose input has more tokens. */
  readonly long: (WholeRates & { readonly aboveInputTokens: number }) | undefined;
}

/** For what a price is looked up. */
export interface PriceQuestion {
  readonly integration: string;
  readonly provider: string;
  readonly model: string;
  /** Since the epoch. */
  readonly atMs: number;
}

export interface PriceTable {
  /** The most specific price; undefined when none is known, which is never the same as free. */
  lookup(question: PriceQuestion): Price | undefined;
  /** The dearest of all prices in a currency, each rate by itself; undefined when there is none. */
  ceiling(currency: string): DearestRates | undefined;
}

/** Millionths of the currency for a million tokens. */
export interface DearestRates {
  readonly input: number;
  readonly output: number;
}

interface Candidate {
  readonly entry: PriceEntry;
  readonly price: Price;
}

/** What was found for a model, as long as its integration calls itself the same. */
interface Found {
  readonly provider: string;
  readonly candidates: readonly Candidate[];
}

const perMillion = 1_000_000;
const mostRemembered = 2_000;

/**
 * Orders prices for look-up. A configured price beats a bundled one, then one for an integration one for all, then a whole name beats a beginning,
 * a longer beginning a shorter one, and the latest `effectiveFromMs` that has come an earlier one.
 */
export function createPriceTable(entries: readonly PriceEntry[]): PriceTable {
  const ordered = entries
    .map((entry) => ({ entry, price: toPrice(entry) }))
    .sort((a, b) => compareSpecificity(a.entry, b.entry));
  /** By integration, then by model: names that are looked up as they are cost less than one made of both. */
  const remembered = new Map<string, Map<string, Found>>();
  let remembers = 0;
  const ceilings = new Map(
    [...Map.groupBy(ordered, ({ price }) => price.currency)].map(([currency, found]) => [
      currency,
      dearestOf(found.map(({ price }) => price)),
    ]),
  );

  function candidatesFor(question: PriceQuestion): readonly Candidate[] {
    const { integration, provider, model } = question;
    const known = remembered.get(integration)?.get(model);
    if (known !== undefined && known.provider === provider) return known.candidates;
    const candidates = ordered.filter(({ entry }) => fits(entry, question));
    if (remembers++ >= mostRemembered) {
      remembered.clear();
      remembers = 1;
    }
    const byModel = remembered.get(integration) ?? new Map<string, Found>();
    remembered.set(integration, byModel.set(model, { provider, candidates }));
    return candidates;
  }

  return {
    lookup(question) {
      for (const { entry, price } of candidatesFor(question)) {
        if ((entry.effectiveFromMs ?? Number.NEGATIVE_INFINITY) <= question.atMs) return price;
      }
      return undefined;
    },
    ceiling: (currency) => ceilings.get(currency),
  };
}

function dearestOf(prices: readonly Price[]): DearestRates {
  const rates = prices.flatMap((price) => [price, ...(price.long === undefined ? [] : [price.long])]);
  return {
    input: Math.max(
      ...rates.map(({ input, cacheRead, cacheWrite }) => Math.max(input, cacheRead, cacheWrite)),
    ),
    output: Math.max(...rates.map(({ output }) => output)),
  };
}

/** The most that a call of so many tokens costs at a price, whatever comes from a cache. */
export function dearestRates(price: Price, inputTokens: number): DearestRates {
  const { long } = price;
  const { input, output, cacheRead, cacheWrite } =
    long !== undefined && inputTokens > long.aboveInputTokens ? long : price;
  return { input: Math.max(input, cacheRead, cacheWrite), output };
}

/** What so many tokens cost at most, in whole millionths of the currency, rounded up. */
export function mostCostMicros(
  { inputTokens, outputTokens }: TokenCounts,
  { input, output }: DearestRates,
): number {
  return Math.ceil((inputTokens * input + outputTokens * output) / perMillion);
}

export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * What a call cost, in whole millionths of the price's currency, rounded half up once; null when no token was counted.
 * Exact: it reckons in whole numbers.
 */
export function costMicros(usage: Usage, price: Price): number | null {
  if (usage.inputTokens === undefined && usage.outputTokens === undefined) return null;
  const cacheRead = usage.cacheReadTokens ?? 0;
  const cacheWrite = usage.cacheWriteTokens ?? 0;
  const plainInput = Math.max(0, (usage.inputTokens ?? 0) - cacheRead - cacheWrite);
  const output = usage.outputTokens ?? 0;
  const { long } = price;
  const rates = long !== undefined && (usage.inputTokens ?? 0) > long.aboveInputTokens ? long : price;
  const total =
    plainInput * rates.input +
    output * rates.output +
    cacheRead * rates.cacheRead +
    cacheWrite * rates.cacheWrite;
  if (total + perMillion <= Number.MAX_SAFE_INTEGER) return divideRounded(total);
  const exact =
    product(plainInput, rates.input) +
    product(output, rates.output) +
    product(cacheRead, rates.cacheRead) +
    product(cacheWrite, rates.cacheWrite);
  return Number((exact + BigInt(perMillion / 2)) / BigInt(perMillion));
}

function divideRounded(total: number): number {
  const shifted = total + perMillion / 2;
  return (shifted - (shifted % perMillion)) / perMillion;
}

function product(tokens: number, price: number): bigint {
  return BigInt(tokens) * BigInt(price);
}

function toPrice({ version, currency, long, ...rates }: PriceEntry): Price {
  return {
    version,
    currency,
    ...toWholeRates(rates),
    long: long && { aboveInputTokens: long.aboveInputTokens, ...toWholeRates(long) },
  };
}

function toWholeRates(rates: Rates): WholeRates {
  const input = toMicros(rates.inputPerMillion);
  return {
    input,
    output: toMicros(rates.outputPerMillion),
    cacheRead: rates.cacheReadPerMillion === undefined ? input : toMicros(rates.cacheReadPerMillion),
    cacheWrite: rates.cacheWritePerMillion === undefined ? input : toMicros(rates.cacheWritePerMillion),
  };
}

/** Prices have at most six places after the point; the nearest whole number is what was written. */
function toMicros(amount: number): number {
  return Math.round(amount * 1_000_000);
}

function fits(entry: PriceEntry, { integration, provider, model }: PriceQuestion): boolean {
  if (entry.provider !== undefined && entry.provider !== provider) return false;
  if (entry.integration !== undefined && entry.integration !== integration) return false;
  return entry.model.endsWith("*") ? model.startsWith(entry.model.slice(0, -1)) : entry.model === model;
}

/** Negative when `a` is more specific. */
function compareSpecificity(a: PriceEntry, b: PriceEntry): number {
  const bySource = Number(a.source === "bundled") - Number(b.source === "bundled");
  if (bySource !== 0) return bySource;
  const byIntegration = Number(b.integration !== undefined) - Number(a.integration !== undefined);
  if (byIntegration !== 0) return byIntegration;
  const byWhole = Number(a.model.endsWith("*")) - Number(b.model.endsWith("*"));
  if (byWhole !== 0) return byWhole;
  const byLength = b.model.length - a.model.length;
  if (byLength !== 0) return byLength;
  return (b.effectiveFromMs ?? 0) - (a.effectiveFromMs ?? 0);
}

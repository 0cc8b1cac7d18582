import type { Usage } from "@llm-platform/kit";

/** What the tokens of a model cost, as it is configured. Amounts are units of `currency` for a million tokens. */
export interface PriceEntry {
  /** Only for models of this integration; absent for all. */
  readonly integration?: string | undefined;
  /** Name of a model as its integration spells it, or the beginning of one followed by `*`. */
  readonly model: string;
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
  /** Default: as other input. */
  readonly cacheReadPerMillion?: number | undefined;
  /** Default: as other input. */
  readonly cacheWritePerMillion?: number | undefined;
  /** ISO 4217. */
  readonly currency: string;
  /** Since the epoch; absent for always. Of several, the latest that has come holds. */
  readonly effectiveFromMs?: number | undefined;
}

/** A price in whole numbers: millionths of the currency for a million tokens. */
export interface Price {
  readonly currency: string;
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** For what a price is looked up. */
export interface PriceQuestion {
  readonly integration: string;
  readonly model: string;
  /** Since the epoch. */
  readonly atMs: number;
}

export interface PriceTable {
  /** The most specific price; undefined when none is known, which is never the same as free. */
  lookup(question: PriceQuestion): Price | undefined;
}

interface Candidate {
  readonly entry: PriceEntry;
  readonly price: Price;
}

const perMillion = 1_000_000;
const mostRemembered = 2_000;

/**
 * Orders prices for look-up. A price for an integration beats one for all, then a whole name beats a beginning,
 * a longer beginning a shorter one, and the latest `effectiveFromMs` that has come an earlier one.
 */
export function createPriceTable(entries: readonly PriceEntry[]): PriceTable {
  const ordered = entries
    .map((entry) => ({ entry, price: toPrice(entry) }))
    .sort((a, b) => compareSpecificity(a.entry, b.entry));
  /** By integration, then by model: names that are looked up as they are cost less than one made of both. */
  const remembered = new Map<string, Map<string, readonly Candidate[]>>();
  let remembers = 0;

  function candidatesFor({ integration, model }: PriceQuestion): readonly Candidate[] {
    const known = remembered.get(integration)?.get(model);
    if (known !== undefined) return known;
    const found = ordered.filter(({ entry }) => fits(entry, integration, model));
    if (remembers++ >= mostRemembered) {
      remembered.clear();
      remembers = 1;
    }
    const byModel = remembered.get(integration) ?? new Map<string, readonly Candidate[]>();
    remembered.set(integration, byModel.set(model, found));
    return found;
  }

  return {
    lookup(question) {
      for (const { entry, price } of candidatesFor(question)) {
        if ((entry.effectiveFromMs ?? Number.NEGATIVE_INFINITY) <= question.atMs) return price;
      }
      return undefined;
    },
  };
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
  const total =
    plainInput * price.input +
    output * price.output +
    cacheRead * price.cacheRead +
    cacheWrite * price.cacheWrite;
  if (total + perMillion <= Number.MAX_SAFE_INTEGER) return divideRounded(total);
  const exact =
    product(plainInput, price.input) +
    product(output, price.output) +
    product(cacheRead, price.cacheRead) +
    product(cacheWrite, price.cacheWrite);
  return Number((exact + BigInt(perMillion / 2)) / BigInt(perMillion));
}

function divideRounded(total: number): number {
  const shifted = total + perMillion / 2;
  return (shifted - (shifted % perMillion)) / perMillion;
}

function product(tokens: number, price: number): bigint {
  return BigInt(tokens) * BigInt(price);
}

function toPrice(entry: PriceEntry): Price {
  const input = toMicros(entry.inputPerMillion);
  return {
    currency: entry.currency,
    input,
    output: toMicros(entry.outputPerMillion),
    cacheRead: entry.cacheReadPerMillion === undefined ? input : toMicros(entry.cacheReadPerMillion),
    cacheWrite: entry.cacheWritePerMillion === undefined ? input : toMicros(entry.cacheWritePerMillion),
  };
}

/** Prices have at most six places after the point; the nearest whole number is what was written. */
function toMicros(amount: number): number {
  return Math.round(amount * 1_000_000);
}

function fits(entry: PriceEntry, integration: string, model: string): boolean {
  if (entry.integration !== undefined && entry.integration !== integration) return false;
  return entry.model.endsWith("*") ? model.startsWith(entry.model.slice(0, -1)) : entry.model === model;
}

/** Negative when `a` is more specific. */
function compareSpecificity(a: PriceEntry, b: PriceEntry): number {
  const byIntegration = Number(b.integration !== undefined) - Number(a.integration !== undefined);
  if (byIntegration !== 0) return byIntegration;
  const byWhole = Number(a.model.endsWith("*")) - Number(b.model.endsWith("*"));
  if (byWhole !== 0) return byWhole;
  const byLength = b.model.length - a.model.length;
  if (byLength !== 0) return byLength;
  return (b.effectiveFromMs ?? 0) - (a.effectiveFromMs ?? 0);
}

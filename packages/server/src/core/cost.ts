import type { Usage } from "@llm-platform/kit";
import type { PriceEntry, Rates } from "./price-terms.ts";

/** What a call costs at most but for its time, which nobody knows before. */
export interface DearestRates {
  /** Millionths of the currency for a million tokens. */
  readonly input: number;
  readonly output: number;
  /** Of an attempt, in millionths of a millionth of the currency. Default 0. */
  readonly perRequest?: number | undefined;
}

export interface TokenCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** In whole numbers: millionths of the currency for a million tokens. */
interface WholeRates {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

/** A price, ready to reckon with. */
export interface Price extends WholeRates {
  readonly version: string;
  readonly currency: string;
  /** Instead, for a call whose input has more tokens. */
  readonly long: (WholeRates & { readonly aboveInputTokens: number }) | undefined;
  /** Of an attempt, in millionths of a millionth of the currency. */
  readonly perRequest: number;
  /** Of a millisecond, in the same; not a whole number. */
  readonly perMs: number;
}

const perMillion = 1_000_000;
const perWhole = perMillion * perMillion;
const msPerSecond = 1_000;
/** A watt for a millisecond, in kilowatt-hours. */
const kwhPerWattMs = 1 / 3.6e9;

/**
 * What an attempt cost, in whole millionths of the price's currency, rounded half up once; null when no token was counted
 * though they have a price. Exact: it reckons in whole numbers.
 */
export function costMicros(usage: Usage, price: Price, durationMs: number): number | null {
  if (usage.inputTokens === undefined && usage.outputTokens === undefined && !isByCallAlone(price))
    return null;
  const cacheRead = usage.cacheReadTokens ?? 0;
  const cacheWrite = usage.cacheWriteTokens ?? 0;
  const plainInput = Math.max(0, (usage.inputTokens ?? 0) - cacheRead - cacheWrite);
  const output = usage.outputTokens ?? 0;
  const reasoning = Math.min(usage.reasoningTokens ?? 0, output);
  const plainOutput = output - reasoning;
  const { long, perRequest } = price;
  const rates = long !== undefined && (usage.inputTokens ?? 0) > long.aboveInputTokens ? long : price;
  const time = Math.round(price.perMs * durationMs);
  const total =
    plainInput * rates.input +
    plainOutput * rates.output +
    cacheRead * rates.cacheRead +
    cacheWrite * rates.cacheWrite +
    reasoning * rates.reasoning +
    perRequest +
    time;
  if (total + perMillion <= Number.MAX_SAFE_INTEGER) return divideRounded(total);
  const exact =
    product(plainInput, rates.input) +
    product(plainOutput, rates.output) +
    product(cacheRead, rates.cacheRead) +
    product(cacheWrite, rates.cacheWrite) +
    product(reasoning, rates.reasoning) +
    BigInt(perRequest) +
    BigInt(time);
  return Number((exact + BigInt(perMillion / 2)) / BigInt(perMillion));
}

export function toPrice({
  version,
  currency,
  long,
  perRequest,
  perSecond,
  energy,
  ...rates
}: PriceEntry): Price {
  return {
    version,
    currency,
    ...toWholeRates(rates),
    long: long && { aboveInputTokens: long.aboveInputTokens, ...toWholeRates(long) },
    perRequest: Math.round((perRequest ?? 0) * perWhole),
    perMs:
      ((perSecond ?? 0) / msPerSecond + (energy?.watts ?? 0) * (energy?.pricePerKwh ?? 0) * kwhPerWattMs) *
      perWhole,
  };
}

/** The dearest of some prices, each rate by itself. */
export function dearestOf(prices: readonly Price[]): DearestRates {
  const rates = prices.flatMap((price) => [price, ...(price.long === undefined ? [] : [price.long])]);
  return {
    input: Math.max(...rates.map(dearestInput)),
    output: Math.max(...rates.map(dearestOutput)),
    perRequest: Math.max(...prices.map(({ perRequest }) => perRequest)),
  };
}

/** The most that a call of so many tokens costs at a price, whatever comes from a cache. */
export function dearestRates(price: Price, inputTokens: number): DearestRates {
  const { long, perRequest } = price;
  const rates = long !== undefined && inputTokens > long.aboveInputTokens ? long : price;
  return { input: dearestInput(rates), output: dearestOutput(rates), perRequest };
}

/** What so many tokens cost at most, in whole millionths of the currency, rounded up. */
export function mostCostMicros(
  { inputTokens, outputTokens }: TokenCounts,
  { input, output, perRequest = 0 }: DearestRates,
): number {
  return Math.ceil((inputTokens * input + outputTokens * output + perRequest) / perMillion);
}

function dearestInput({ input, cacheRead, cacheWrite }: WholeRates): number {
  return Math.max(input, cacheRead, cacheWrite);
}

function dearestOutput({ output, reasoning }: WholeRates): number {
  return Math.max(output, reasoning);
}

/** Whether what it costs does not depend on tokens. */
function isByCallAlone({ input, output, perRequest, perMs }: Price): boolean {
  return input === 0 && output === 0 && perRequest + perMs > 0;
}

function divideRounded(total: number): number {
  const shifted = total + perMillion / 2;
  return (shifted - (shifted % perMillion)) / perMillion;
}

function product(tokens: number, price: number): bigint {
  return BigInt(tokens) * BigInt(price);
}

function toWholeRates(rates: Rates): WholeRates {
  const input = toMicros(rates.inputPerMillion);
  const output = toMicros(rates.outputPerMillion);
  return {
    input,
    output,
    cacheRead: rates.cacheReadPerMillion === undefined ? input : toMicros(rates.cacheReadPerMillion),
    cacheWrite: rates.cacheWritePerMillion === undefined ? input : toMicros(rates.cacheWritePerMillion),
    reasoning: rates.reasoningPerMillion === undefined ? output : toMicros(rates.reasoningPerMillion),
  };
}

/** Prices have at most six places after the point; the nearest whole number is what was written. */
function toMicros(amount: number): number {
  return Math.round(amount * perMillion);
}

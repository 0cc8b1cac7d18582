import { dearestOf, type DearestRates, type Price, toPrice } from "./cost.ts";
import { isInForce, namesModel, type PriceEntry, priceSources } from "./price-terms.ts";

/** For what a price is looked up. */
export interface PriceQuestion {
  readonly integration: string;
  readonly provider: string;
  readonly model: string;
  /** Since the epoch. */
  readonly atMs: number;
}

export interface PriceTable {
  /** Most specific first. */
  readonly entries: readonly PriceEntry[];
  /** The most specific price; undefined when none is known, which is never the same as free. */
  lookup(question: PriceQuestion): Price | undefined;
  /** The dearest of all prices in a currency, whenever they hold, each rate by itself; undefined when there is none. */
  ceiling(currency: string): DearestRates | undefined;
}

/** A table whose prices may change: the next look-up is by the new ones. */
export interface LivePriceTable extends PriceTable {
  replace(entries: readonly PriceEntry[]): void;
}

interface Candidate {
  readonly entry: PriceEntry;
  /** Undefined when the entry cannot be read. */
  readonly price: Price | undefined;
}

/** What was found for a model, as long as its integration calls itself the same. */
interface Found {
  readonly provider: string;
  readonly candidates: readonly Candidate[];
}

const mostRemembered = 2_000;

/**
 * Orders prices for look-up. An operator's price beats a configured one and that a bundled one, then one for an integration
 * beats one for all, one for a provider the same, a whole name a beginning, a longer beginning a shorter one, and the
 * latest `effectiveFromMs` that has come an earlier one.
 */
export function createPriceTable(entries: readonly PriceEntry[]): LivePriceTable {
  /** By integration, then by model: names that are looked up as they are cost less than one made of both. */
  const remembered = new Map<string, Map<string, Found>>();
  let remembers = 0;
  let ordered = toCandidates(entries);
  let ceilings = toCeilings(ordered);

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
    get entries() {
      return ordered.map(({ entry }) => entry);
    },
    lookup(question) {
      for (const { entry, price } of candidatesFor(question))
        if (isInForce(entry, question.atMs)) return price;
      return undefined;
    },
    ceiling: (currency) => ceilings.get(currency),
    replace(next) {
      ordered = toCandidates(next);
      ceilings = toCeilings(ordered);
      remembered.clear();
      remembers = 0;
    },
  };
}

function toCandidates(entries: readonly PriceEntry[]): readonly Candidate[] {
  return entries
    .map((entry) => ({ entry, price: entry.isUnreadable ? undefined : toPrice(entry) }))
    .sort((a, b) => compareSpecificity(a.entry, b.entry));
}

function toCeilings(candidates: readonly Candidate[]): ReadonlyMap<string, DearestRates> {
  const known = candidates.flatMap(({ price }) => (price === undefined ? [] : [price]));
  return new Map(
    [...Map.groupBy(known, ({ currency }) => currency)].map(([currency, found]) => [
      currency,
      dearestOf(found),
    ]),
  );
}

function fits(entry: PriceEntry, { integration, provider, model }: PriceQuestion): boolean {
  if (entry.provider !== undefined && entry.provider !== provider) return false;
  if (entry.integration !== undefined && entry.integration !== integration) return false;
  return namesModel(entry.model, model);
}

/** Negative when `a` is more specific. */
function compareSpecificity(a: PriceEntry, b: PriceEntry): number {
  const bySource = priceSources.indexOf(a.source) - priceSources.indexOf(b.source);
  if (bySource !== 0) return bySource;
  const byIntegration = Number(b.integration !== undefined) - Number(a.integration !== undefined);
  if (byIntegration !== 0) return byIntegration;
  const byProvider = Number(b.provider !== undefined) - Number(a.provider !== undefined);
  if (byProvider !== 0) return byProvider;
  const byWhole = Number(a.model.endsWith("*")) - Number(b.model.endsWith("*"));
  if (byWhole !== 0) return byWhole;
  const byLength = b.model.length - a.model.length;
  if (byLength !== 0) return byLength;
  return (b.effectiveFromMs ?? 0) - (a.effectiveFromMs ?? 0);
}

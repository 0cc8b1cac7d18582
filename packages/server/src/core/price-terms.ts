/** Amounts in units of a currency for a million tokens. */
export interface Rates {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
  /** Default: as other input. */
  readonly cacheReadPerMillion?: number | undefined;
  /** Default: as other input. */
  readonly cacheWritePerMillion?: number | undefined;
  /** Default: as other output. */
  readonly reasoningPerMillion?: number | undefined;
}

/** What a machine draws while it works on a call, and what that costs. */
export interface Energy {
  readonly watts: number;
  /** In units of the currency. */
  readonly pricePerKwh: number;
}

/** For which models a price is. */
export interface PriceScope {
  /** Only for models of platforms that call themselves so; absent for all. */
  readonly provider?: string | undefined;
  /** Only for models of this integration; absent for all. */
  readonly integration?: string | undefined;
  /** Name of a model as its integration spells it, or the beginning of one followed by `*`. */
  readonly model: string;
}

/** What the calls of a model cost: tokens, and where they are given the call itself and the time that it takes. */
export interface PriceTerms extends PriceScope, Rates {
  /** What all tokens of a call cost whose input has more than so many; absent where they cost the same. */
  readonly long?: (Rates & { readonly aboveInputTokens: number }) | undefined;
  /** ISO 4217. */
  readonly currency: string;
  /** Since the epoch; absent for always. Of several, the latest that has come holds. */
  readonly effectiveFromMs?: number | undefined;
  /** For each attempt that used tokens. */
  readonly perRequest?: number | undefined;
  /** For each second of an attempt, from its start to its end. */
  readonly perSecond?: number | undefined;
  /** The same, reckoned from what the machine draws. */
  readonly energy?: Energy | undefined;
}

/** Where prices come from. Each beats those behind it. */
export const priceSources = ["operator", "config", "bundled"] as const;
export type PriceSource = (typeof priceSources)[number];

/** Terms that are known by a name, which stands on each record that was priced by them. */
export interface PriceEntry extends PriceTerms {
  /** The same for the same terms of the same source, and for no others. */
  readonly version: string;
  readonly source: PriceSource;
  /** From when on it holds no more, since the epoch; absent while nothing follows. */
  readonly effectiveUntilMs?: number | undefined;
  /** What it says cannot be read: calls that it is for have no known cost, whatever else there is. */
  readonly isUnreadable?: true | undefined;
}

/** Says of each price that it holds until the next for the same models begins, where there is one. */
export function untilNext<Step extends PriceScope & Pick<PriceTerms, "effectiveFromMs">>(
  steps: readonly Step[],
): readonly (Step & Pick<PriceEntry, "effectiveUntilMs">)[] {
  const starts = Map.groupBy(steps, keyOfScope);
  return steps.map((step) => {
    const later = (starts.get(keyOfScope(step)) ?? []).flatMap(({ effectiveFromMs = beginning }) =>
      effectiveFromMs > (step.effectiveFromMs ?? beginning) ? [effectiveFromMs] : [],
    );
    return { ...step, effectiveUntilMs: later.length === 0 ? undefined : Math.min(...later) };
  });
}

/** Whether a price holds for calls that begin then. */
export function isInForce(
  { effectiveFromMs = beginning, effectiveUntilMs = Number.POSITIVE_INFINITY }: PriceEntry,
  atMs: number,
): boolean {
  return effectiveFromMs <= atMs && atMs < effectiveUntilMs;
}

/** Whether a price's name of models says this one. */
export function namesModel(pattern: string, model: string): boolean {
  return pattern.endsWith("*") ? model.startsWith(pattern.slice(0, -1)) : pattern === model;
}

/** One text for each scope. */
export function keyOfScope({ integration = "", provider = "", model }: PriceScope): string {
  return [integration, provider, model].join("\n");
}

const beginning = Number.NEGATIVE_INFINITY;

import { z } from "zod";
import type { PriceEntry, PriceTerms } from "../core/price-terms.ts";

const perMillion = z.number().min(0).max(1_000_000);
const perCall = z.number().min(0).max(1_000);
const energy = z.strictObject({
  watts: z.number().min(0).max(1_000_000).describe("What the machine draws while it works on a call."),
  price_per_kwh: z.number().min(0).max(1_000).describe("What a kilowatt-hour costs."),
});

/** For which models a price is, as the API takes it. */
export const scopeFields = {
  integration: z.string().min(1).max(128).optional().describe("Only for models of this integration."),
  provider: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe("Only for models of integrations of this provider."),
  model: z.string().min(1).max(512).describe("Name of a model, or the beginning of one followed by `*`."),
};

const amounts = {
  input_per_million: perMillion.optional().describe("Of a million input tokens."),
  output_per_million: perMillion.optional().describe("Of a million output tokens."),
  cache_read_per_million: perMillion.optional().describe("Input from a cache. Default: as other input."),
  cache_write_per_million: perMillion
    .optional()
    .describe("Input written to a cache. Default: as other input."),
  reasoning_per_million: perMillion
    .optional()
    .describe("Output that was reasoning. Default: as other output."),
  per_request: perCall.optional().describe("Of each attempt that used tokens."),
  per_second: perCall.optional().describe("Of each second that an attempt took."),
  energy: energy.optional().describe("Of what the machine draws in the time that an attempt took."),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be three capital letters, as in USD")
    .default("USD"),
};

/** What is kept of a price besides the models that it is for and the time from which it holds. */
export const storedTerms = z.strictObject(amounts);
type StoredTerms = z.output<typeof storedTerms>;

/** What a price must say at least. */
export const pricedInput = z
  .strictObject({
    ...scopeFields,
    ...amounts,
    effective_from: z.iso
      .datetime({ offset: true })
      .optional()
      .describe(
        "Holds for calls that begin then or later. Default: now. In the past it counts for `usage.reprice` alone: what calls have cost stays.",
      ),
  })
  .superRefine((terms, context) => {
    const isByCall = [terms.per_request, terms.per_second, terms.energy].some((each) => each !== undefined);
    for (const path of ["input_per_million", "output_per_million"] as const)
      if (terms[path] === undefined && !isByCall)
        context.addIssue({
          code: "custom",
          path: [path],
          message: "must be given, or one of per_request, per_second and energy",
        });
  });

const longRates = z.object({
  above_input_tokens: z.number(),
  input_per_million: z.number(),
  output_per_million: z.number(),
  cache_read_per_million: z.number().nullable(),
  cache_write_per_million: z.number().nullable(),
});

/** A price as it is shown. */
export const shownPrice = z.object({
  version: z.string().describe("Its name, which stands on each record that was priced by it."),
  source: z.enum(["operator", "config", "bundled"]),
  integration: z.string().nullable(),
  provider: z.string().nullable(),
  model: z.string(),
  currency: z.string(),
  input_per_million: z.number(),
  output_per_million: z.number(),
  cache_read_per_million: z.number().nullable(),
  cache_write_per_million: z.number().nullable(),
  reasoning_per_million: z.number().nullable(),
  long: longRates.nullable().describe("What all tokens of a call with a longer input cost."),
  per_request: z.number().nullable(),
  per_second: z.number().nullable(),
  energy: energy.nullable(),
  effective_from: z.string().nullable().describe("Null for always."),
  effective_until: z.string().nullable().describe("Null while nothing follows."),
  is_readable: z
    .boolean()
    .describe(
      "False for one that the database no longer has whole: calls that it is for have no known cost.",
    ),
});

/** What is kept of the terms of a call of the API. */
export function toStoredTerms({
  integration: _integration,
  provider: _provider,
  model: _model,
  effective_from: _from,
  ...terms
}: z.output<typeof pricedInput>): StoredTerms {
  return terms;
}

export function toRateTerms(
  terms: StoredTerms,
): Omit<PriceTerms, "integration" | "provider" | "model" | "effectiveFromMs"> {
  return {
    inputPerMillion: terms.input_per_million ?? 0,
    outputPerMillion: terms.output_per_million ?? 0,
    cacheReadPerMillion: terms.cache_read_per_million,
    cacheWritePerMillion: terms.cache_write_per_million,
    currency: terms.currency,
    reasoningPerMillion: terms.reasoning_per_million,
    perRequest: terms.per_request,
    perSecond: terms.per_second,
    energy: terms.energy && { watts: terms.energy.watts, pricePerKwh: terms.energy.price_per_kwh },
  };
}

/** A price as the API gives it. */
export function toShownPrice(entry: PriceEntry): z.output<typeof shownPrice> {
  const { long, energy: drawn } = entry;
  return {
    version: entry.version,
    source: entry.source,
    integration: entry.integration ?? null,
    provider: entry.provider ?? null,
    model: entry.model,
    currency: entry.currency,
    input_per_million: entry.inputPerMillion,
    output_per_million: entry.outputPerMillion,
    cache_read_per_million: entry.cacheReadPerMillion ?? null,
    cache_write_per_million: entry.cacheWritePerMillion ?? null,
    reasoning_per_million: entry.reasoningPerMillion ?? null,
    long:
      long === undefined
        ? null
        : {
            above_input_tokens: long.aboveInputTokens,
            input_per_million: long.inputPerMillion,
            output_per_million: long.outputPerMillion,
            cache_read_per_million: long.cacheReadPerMillion ?? null,
            cache_write_per_million: long.cacheWritePerMillion ?? null,
          },
    per_request: entry.perRequest ?? null,
    per_second: entry.perSecond ?? null,
    energy: drawn === undefined ? null : { watts: drawn.watts, price_per_kwh: drawn.pricePerKwh },
    effective_from: toText(entry.effectiveFromMs),
    effective_until: toText(entry.effectiveUntilMs),
    is_readable: entry.isUnreadable !== true,
  };
}

function toText(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}

import { z } from "zod";

const amount = z.number().min(0).max(1_000_000).meta({ unit: "currency per million tokens" });

const energy = z.strictObject({
  watts: z
    .number()
    .min(0)
    .max(1_000_000)
    .meta({ unit: "watts" })
    .describe("What the machine draws while it works on a call."),
  price_per_kwh: z
    .number()
    .min(0)
    .max(1_000)
    .meta({ unit: "currency per kilowatt-hour" })
    .describe("What a kilowatt-hour costs."),
});

const price = z
  .strictObject({
    integration: z.string().min(1).optional().describe("Only for models of this integration."),
    provider: z.string().min(1).optional().describe("Only for models of integrations of this provider."),
    model: z.string().min(1).describe("Name of a model, or the beginning of one followed by `*`."),
    input_per_million: amount
      .optional()
      .describe("Price of a million input tokens. Needed, unless the call or its time has a price."),
    output_per_million: amount
      .optional()
      .describe("Price of a million output tokens. Needed, unless the call or its time has a price."),
    cache_read_per_million: amount
      .optional()
      .describe("Input that came from a cache. Default: as other input."),
    cache_write_per_million: amount
      .optional()
      .describe("Input that was written to a cache. Default: as other input."),
    reasoning_per_million: amount.optional().describe("Output that was reasoning. Default: as other output."),
    per_request: z
      .number()
      .min(0)
      .max(1_000)
      .meta({ unit: "currency per attempt" })
      .optional()
      .describe("Of each attempt that used tokens, besides them."),
    per_second: z
      .number()
      .min(0)
      .max(1_000)
      .meta({ unit: "currency per second" })
      .optional()
      .describe(
        "Of each second that an attempt took, as for a rented processor. Calls that run at once each pay.",
      ),
    energy: energy.optional().describe("The same, for a machine of one's own."),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "must be three capital letters, as in USD")
      .default("USD")
      .describe("ISO 4217 code."),
    effective_from: z.iso
      .datetime({ offset: true })
      .or(z.iso.date())
      .optional()
      .describe("From when on it holds, as `2026-01-31` or with a time. Absent: always."),
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

export const priceList = z
  .array(price)
  .default([])
  .describe(
    "What tokens, calls and their time cost. The most specific entry holds; a model without one has no known cost. Prices that are set over the API beat these.",
  );

export const bundledPricesSetting = z
  .boolean()
  .default(true)
  .describe(
    "Whether the prices that come with the server hold for models of vendors' own APIs where `prices` has none that fits.",
  );

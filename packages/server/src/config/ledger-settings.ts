import { z } from "zod";
import { section, wholeNumber } from "./section.ts";

export const ledgerSettings = section(
  {
    commit_interval_ms: z.number().min(0).max(5).default(2).meta({
      description: "Records gather for at most this long before they are written to disk together.",
      unit: "milliseconds",
    }),
    retention_days: wholeNumber({
      from: 1,
      to: 36_500,
      unit: "days",
      doc: "Older records are deleted. Absent: none is.",
    }).optional(),
    sync: z
      .boolean()
      .default(true)
      .describe(
        "Whether a record must survive a loss of power, not only the end of the process, before its reply ends.",
      ),
  },
  "The record of every attempt.",
);

export const eventSettings = section(
  {
    keep: wholeNumber({
      from: 100,
      to: 10_000_000,
      unit: "events",
      doc: "How many of the newest events are kept.",
    }).default(10_000),
  },
  "The log of what changed.",
);

const amount = z.number().min(0).max(1_000_000).meta({ unit: "currency per million tokens" });

const price = z.strictObject({
  integration: z.string().min(1).optional().describe("Only for models of this integration."),
  model: z.string().min(1).describe("Name of a model, or the beginning of one followed by `*`."),
  input_per_million: amount.describe("Price of a million input tokens."),
  output_per_million: amount.describe("Price of a million output tokens."),
  cache_read_per_million: amount
    .optional()
    .describe("Input that came from a cache. Default: as other input."),
  cache_write_per_million: amount
    .optional()
    .describe("Input that was written to a cache. Default: as other input."),
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
});

export const priceList = z
  .array(price)
  .default([])
  .describe("What tokens cost. The most specific entry holds; a model without one has no known cost.");

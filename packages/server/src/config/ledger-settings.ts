import { z } from "zod";
import { seconds, section, wholeNumber } from "./section.ts";

export const ledgerSettings = section(
  {
    commit_interval_ms: z.number().min(0).max(5).default(4).meta({
      description:
        "How long records gather before the disk is asked to take them: with `sync: interval` after they were written, with `always` before.",
      unit: "milliseconds",
    }),
    hour_sums_days: wholeNumber({
      from: 8,
      to: 36_500,
      unit: "days",
      doc: "How long sums by the hour are kept. Those by the day are kept for ever.",
    }).default(90),
    minute_sums_days: wholeNumber({
      from: 1,
      to: 366,
      unit: "days",
      doc: "How long sums by the minute are kept.",
    }).default(2),
    retention_days: wholeNumber({
      from: 1,
      to: 36_500,
      unit: "days",
      doc: "Older records are deleted, but for the newest; their sums stay. Absent: none is.",
    }).optional(),
    seal_seconds: seconds(
      1,
      3_600,
      "How often new records are sealed in the audit log, so that a later change of them is found.",
    ).default(60),
    sync: z
      .enum(["always", "interval", "never"])
      .default("interval")
      .describe(
        "What a reply waits for before it ends. Its record survives the end of the process in any case; a loss of power takes nothing with `always`, the last few milliseconds with `interval`, and with `never` what the operating system had not written yet.",
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

export const bundledPricesSetting = z
  .boolean()
  .default(true)
  .describe(
    "Whether the prices that come with the server hold for models of vendors' own APIs where `prices` has none that fits.",
  );

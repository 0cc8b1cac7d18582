import { z } from "zod";
import { seconds, section, wholeNumber } from "./section.ts";

export const ledgerSettings = section(
  {
    commit_interval_ms: z.number().min(0).max(5).default(4).meta({
      description:
        "How long records gather before the disk is asked to take them: with `sync: interval` after they were written, with `always` before.",
      unit: "milliseconds",
    }),
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Whether attempts are recorded. Without it there are no usage, no costs and nothing of calls in the audit log, and budgets count from each start.",
      ),
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

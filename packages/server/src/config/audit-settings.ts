import { z } from "zod";
import { auditPolicies } from "../core/key-policy.ts";
import { section, wholeNumber } from "./section.ts";

export const auditSettings = section(
  {
    policy: z
      .enum(auditPolicies)
      .default("normal")
      .describe(
        "What happens to model calls while neither the database nor the audit files can be written, or the disk takes no more usage records: with `strict` they are refused. Keys may say otherwise.",
      ),
  },
  "The audit log.",
);

export const contentSettings = section(
  {
    max_bytes: wholeNumber({
      from: 1_024,
      to: 4_194_304,
      unit: "bytes",
      doc: "How much is kept of what a call asks, and as much of what it is answered.",
    }).default(262_144),
    models: z
      .array(z.string().min(1).max(256))
      .default([])
      .describe(
        "Models, by the names that calls use, whose calls are kept with their content, whoever calls.",
      ),
    retention_days: wholeNumber({
      from: 1,
      to: 90,
      unit: "days",
      doc: "How long content is kept.",
    }).default(7),
  },
  "What calls ask and are answered, kept sealed for who opted in by a key's `capture_content` or by `models`. Off unless somebody did.",
);

import { integrationTypes, networkReaches } from "@llm-platform/kit";
import { z } from "zod";
import { wholeNumber } from "./section.ts";

const retrySettings = z
  .strictObject({
    max_retries: wholeNumber({ from: 1, to: 100, doc: "Failed probes before a restart." }).default(3),
    backoff_factor: z
      .number()
      .min(1)
      .max(10)
      .default(2)
      .describe("Each wait is this many times the one before."),
    max_backoff: wholeNumber({
      from: 1,
      to: 3_600,
      unit: "seconds",
      doc: "Longest wait between two tries.",
    }).default(300),
  })
  .prefault({})
  .describe("How often and how fast a failing integration is tried again.");

/** One entry, as it stands in a file or is added over the API. */
export const integrationEntry = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
        "must be 1 to 128 letters, digits, dots, dashes or underscores",
      )
      .describe("Unique; the {name} of the REST paths."),
    type: z.enum(integrationTypes).optional().describe("Kind of part. Default: as the definition says."),
    use: z.string().min(1).optional().describe("Which definition it is an instance of. Default: its name."),
    enabled: z.boolean().default(true).describe("Whether it is started."),
    priority: z
      .number()
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .default(100)
      .describe("Order among equals, and routing preference; higher first."),
    dependencies: z
      .array(z.string())
      .default([])
      .describe("Names of integrations that are started before this one and stopped after it."),
    settings: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("Settings of the definition; it checks them itself."),
    health_check_interval: wholeNumber({
      from: 1,
      to: 86_400,
      unit: "seconds",
      doc: "Between two probes.",
    }).default(60),
    retry_config: retrySettings,
    network: z
      .enum(networkReaches)
      .optional()
      .describe(
        "Where it may connect to, by the address that a name resolves to: `private` is this machine and private networks, `public` everything else, `any` (the default) both. Link-local addresses, and others where clouds keep credentials, never.",
      ),
  })
  .transform((entry) => ({ ...entry, use: entry.use ?? entry.name }));

export const integrationList = z
  .array(integrationEntry)
  .default([])
  .describe("What the platform connects to. Merged by name with the built-in entries `ollama` and `local`.")
  .superRefine((entries, context) => {
    const names = new Set<string>();
    for (const [index, { name }] of entries.entries()) {
      if (names.has(name))
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `the name \`${name}\` is given twice`,
        });
      names.add(name);
    }
  });

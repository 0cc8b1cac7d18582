import { z } from "zod";
import { parseHostPort } from "./host-port.ts";
import { secretText, section } from "./section.ts";

export const prometheusSettings = section(
  {
    enabled: z.boolean().default(true).describe("Whether `/metrics` is served."),
    listen: z
      .string()
      .refine((text) => parseHostPort(text) !== undefined, "must be host:port, as in 127.0.0.1:9464")
      .optional()
      .describe(
        "`host:port` on which `/metrics` is served in plain HTTP, and nothing else is. Then the platform's own port has no `/metrics`. Absent: it is served there.",
      ),
    job: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[\w.-]+$/, "must be letters, digits, dots, dashes or underscores")
      .default("llm-platform")
      .describe("The label `job` that Prometheus scrapes the platform under; its rules name it."),
    query_url: z
      .url({ protocol: /^https?$/ })
      .transform((text) => text.replace(/\/$/, ""))
      .optional()
      .describe(
        "Address of a Prometheus that scrapes the platform, which is asked for the past that plots show. Absent, or while it does not answer: the sums of the ledger are.",
      ),
    query_token: secretText(1, "Bearer token for it, where it wants one.").optional(),
    runbooks_url: z
      .url({ protocol: /^https?$/ })
      .transform((text) => text.replace(/\/$/, ""))
      .default("https://llm-platform.dev/runbooks")
      .describe("Where the pages about alerts are kept, for the links in alerts."),
  },
  "Metrics for Prometheus, and the rules that read them.",
);

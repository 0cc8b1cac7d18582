import { Secret } from "@llm-platform/kit";
import { z } from "zod";
import { seconds, secretText, section, wholeNumber } from "./section.ts";

export const redisSettings = section(
  {
    url: z
      .string()
      .refine(isRedisUrl, "must be redis://host:port/database, or rediss:// for TLS")
      .meta({
        description:
          "Redis that all replicas share: `redis://user:password@host:port/database`, `rediss://` with TLS. Absent: this server is the only one.",
        format: "secret",
      })
      .transform((text) => new Secret(text))
      .optional(),
    username: z.string().min(1).optional().describe("User, instead of the one in `url`."),
    password: secretText(1, "Password, instead of the one in `url`.").optional(),
    database: wholeNumber({
      from: 0,
      to: 1_000_000,
      doc: "Number of the database, instead of the one in `url`.",
    }).optional(),
    ca_file: z
      .string()
      .min(1)
      .optional()
      .describe("Issuers in PEM that Redis' certificate must come from. Absent: those that Node trusts."),
    key_prefix: z
      .string()
      .min(1)
      .max(64)
      .default("llmp:")
      .describe("Before every key and channel. Servers that share a prefix share their limits."),
    command_timeout_ms: wholeNumber({
      from: 1,
      to: 10_000,
      unit: "milliseconds",
      doc: "How long a call waits for Redis at most; then it is counted here alone.",
    }).default(25),
    connect_timeout_seconds: seconds(0.1, 60, "How long a connection may take to be made.").default(2),
  },
  "What several replicas share: limits, word of changes, and which of them leads.",
);

function isRedisUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    (url.protocol === "redis:" || url.protocol === "rediss:") &&
    url.hostname !== "" &&
    /^(?:\/\d*)?$/.test(url.pathname)
  );
}

import { z } from "zod";
import { auditPolicies } from "../core/key-policy.ts";
import { roleNames } from "../core/permissions.ts";
import { limitValues } from "./limit-settings.ts";
import { oidcProviders } from "./oidc-settings.ts";
import { seconds, section, secretText, wholeNumber } from "./section.ts";

const apiKey = z
  .strictObject({
    name: z.string().min(1).max(128).describe("Who uses the key; shown in the usage ledger."),
    key: secretText(16, "The key itself, at least 16 characters.").optional(),
    key_sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, "must be 64 hexadecimal digits")
      .transform((digits) => digits.toLowerCase())
      .optional()
      .describe("SHA-256 of the key in hexadecimal, instead of the key."),
    role: z
      .enum(roleNames)
      .default("developer")
      .describe("What the key may do: admin, operator, developer (calls models) or viewer."),
    audit: z
      .enum(auditPolicies)
      .optional()
      .describe(
        "With `strict` the key's calls are refused while they cannot be put on record. Absent: as `audit.policy` says.",
      ),
    capture_content: z
      .boolean()
      .default(false)
      .describe("Whether what the key's calls ask and are answered is kept, sealed. See `content`."),
    ...limitValues("limits.default_key"),
  })
  .refine((entry) => (entry.key === undefined) !== (entry.key_sha256 === undefined), {
    message: "exactly one of `key`, `key_file` and `key_sha256` must be given",
  });

export const authSettings = section(
  {
    api_keys: z
      .array(apiKey)
      .default([])
      .describe("Keys that may call this server. While there is none, every caller from this machine may.")
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
      }),
    oidc: oidcProviders,
    tokens: section(
      {
        issuer: z
          .string()
          .min(1)
          .max(256)
          .default("llm-platform")
          .describe("Who issues access tokens, and whom they are for (`iss` and `aud`)."),
        access_seconds: seconds(60, 3_600, "How long an access token is good for.").default(900),
        refresh_seconds: seconds(
          300,
          2_592_000,
          "How long a login lasts that is not refreshed. It lasts 30 days at most.",
        ).default(28_800),
        signing_key_days: wholeNumber({
          from: 1,
          to: 365,
          unit: "days",
          doc: "After how long access tokens are signed with a new key.",
        }).default(30),
      },
      "Tokens that people get by logging in.",
    ),
  },
  "Who may call.",
);

import { z } from "zod";
import { auditPolicies, type KeyPolicy } from "../core/key-policy.ts";

/** What holds for a key's calls, as a caller sets it. */
export const policyInput = {
  audit: z
    .enum(auditPolicies)
    .optional()
    .describe(
      "With `strict` the key's calls are refused while they cannot be put on record. Default: what `audit.policy` says.",
    ),
  capture_content: z
    .boolean()
    .default(false)
    .describe(
      "Whether what the key's calls ask and are answered is kept, sealed, for `content.retention_days`.",
    ),
};

/** The same for a change: absent leaves it as it is, null leaves it to the configuration. */
export const policyChange = {
  audit: z.enum(auditPolicies).nullable().optional(),
  capture_content: z.boolean().optional(),
};

/** The same as it is shown. */
export const policyOutput = {
  audit: z.enum(auditPolicies).nullable(),
  capture_content: z.boolean(),
};

export function toKeyPolicy(fields: {
  readonly audit?: KeyPolicy["audit"];
  readonly capture_content: boolean;
}): KeyPolicy {
  return { audit: fields.audit, capturesContent: fields.capture_content };
}

export function policyAfter(
  policy: KeyPolicy,
  fields: {
    readonly audit?: KeyPolicy["audit"] | null;
    readonly capture_content?: boolean | undefined;
  },
): KeyPolicy {
  return {
    audit: fields.audit === undefined ? policy.audit : (fields.audit ?? undefined),
    capturesContent: fields.capture_content ?? policy.capturesContent,
  };
}

export function toPolicyFields({
  audit,
  capturesContent,
}: KeyPolicy): z.output<z.ZodObject<typeof policyOutput>> {
  return { audit: audit ?? null, capture_content: capturesContent };
}

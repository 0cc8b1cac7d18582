import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { ApiKey } from "../core/identity.ts";
import { permissionNames } from "../core/permissions.ts";
import { limitOutput, toLimitFields } from "./limit-fields.ts";
import { policyOutput, toPolicyFields } from "./policy-fields.ts";

/** A key as it is shown. */
export const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string().nullable().describe("Id of the user whose key it is; null for a key of nobody."),
  scopes: z
    .array(z.enum(permissionNames))
    .readonly()
    .describe("What it may do at most; never more than its owner may when it is used."),
  prefix: z.string().describe("How the key's text begins."),
  ...limitOutput,
  ...policyOutput,
  created_at: z.string(),
  created_by: z.string(),
  expires_at: z.string().nullable(),
  previous_expires_at: z
    .string()
    .nullable()
    .describe("Until when the text from before the last rotation works; null when there was none."),
  last_used_at: z.string().nullable().describe("Good to half a minute."),
  revoked_at: z.string().nullable(),
});

/** The same where its text is shown, which happens once. */
export const shownKey = keySchema.extend({
  key: z.string().meta({ format: "secret" }).describe("The text of the key. It is shown this once."),
});

export const keyId = z.strictObject({ id: z.string().min(1).max(64) });

/** When a key is to end. */
export const expiryTime = z.iso.datetime({ offset: true });

/** What a key, a user or a team may be called: the ledger, metrics and screens show it. */
export const keyName = z
  .string()
  .max(128)
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._@+-]*$/u,
    "must be letters, digits, spaces and . _ @ + -, a letter or digit first",
  );

/** Throws PlatformError `conflict` for a name that a key of the configuration has. */
export function refuseConfigured(isConfigured: (name: string) => boolean, name: string): void {
  if (!isConfigured(name)) return;
  throw new PlatformError("conflict", `The configuration has a key with the name ${name}.`, {
    field: "name",
  });
}

/** Throws PlatformError `invalid_request` for a time that is over. */
export function parseExpiry(text: string): number {
  const expiresAtMs = Date.parse(text);
  if (expiresAtMs > Date.now()) return expiresAtMs;
  throw new PlatformError("invalid_request", "`expires_at` must be in the future.", { field: "expires_at" });
}

export function requireKey(key: ApiKey | undefined, id: string): ApiKey {
  if (key !== undefined) return key;
  throw new PlatformError("not_found", `There is no key with the id ${id}.`);
}

export function requireStanding(key: ApiKey | undefined, id: string): ApiKey {
  if (key !== undefined) return key;
  throw new PlatformError("conflict", `The key ${id} is revoked already.`);
}

/** What the audit log is told of a key. */
export function toKeyTarget(
  { id }: { readonly id: string },
  key?: { readonly name: string },
): { readonly type: string; readonly id: string; readonly name: string | null } {
  return { type: "api_key", id, name: key?.name ?? null };
}

export function toKeyRow(key: ApiKey): z.output<typeof keySchema> {
  return {
    id: key.id,
    name: key.name,
    owner: key.ownerId,
    scopes: key.scopes,
    prefix: key.prefix,
    ...toLimitFields(key.limits),
    ...toPolicyFields(key.policy),
    created_at: new Date(key.createdAtMs).toISOString(),
    created_by: key.createdBy,
    expires_at: toTime(key.expiresAtMs),
    previous_expires_at: toTime(key.previousExpiresAtMs),
    last_used_at: toTime(key.lastUsedAtMs),
    revoked_at: toTime(key.revokedAtMs),
  };
}

function toTime(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}

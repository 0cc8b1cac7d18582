import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { ApiKey } from "../core/identity.ts";
import {
  type Permission,
  permissionNames,
  type PermissionSet,
  permissionsOf,
  type Role,
  roleNames,
} from "../core/permissions.ts";
import type { Identity } from "../store/identity.ts";
import { limitInput, limitOutput, toLimitFields, toLimitValues } from "./limit-fields.ts";
import { policyInput, policyOutput, toKeyPolicy, toPolicyFields } from "./policy-fields.ts";
import { createKey, createSecret } from "./new-key.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";

const keySchema = z.object({
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

const shownKey = keySchema.extend({
  key: z.string().meta({ format: "secret" }).describe("The text of the key. It is shown this once."),
});

const keyId = z.strictObject({ id: z.string().min(1).max(64) });
const dayMs = 86_400_000;
const longestGraceSeconds = 30 * 86_400;

export interface KeyOperationParts {
  readonly identity: Identity;
  /** Whether a key of the configuration has the name, which no other may have then. */
  isConfigured(name: string): boolean;
}

/** Operations on API keys. */
export function keyOperations(parts: KeyOperationParts): readonly Operation[] {
  return [...readingOperations(parts), createOperation(parts), ...changingOperations(parts)];
}

function readingOperations({ identity }: KeyOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "keys.list",
      summary: "API keys, revoked ones included, without their text.",
      permission: "keys.read",
      rest: { method: "GET", path: "/api/v1/keys" },
      input: z.strictObject({
        owner: z.string().max(64).optional().describe("Id of a user: only keys of that one."),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.string().max(64).default("").describe("next_cursor of the page before."),
      }),
      output: z.object({ keys: z.array(keySchema).readonly(), next_cursor: z.string().nullable() }),
      run: async ({ owner, limit, cursor }) => {
        const keys = await identity.apiKeys.list({ afterId: cursor, limit, ownerId: owner });
        return { keys: keys.map(toRow), next_cursor: keys.length < limit ? null : (keys.at(-1)?.id ?? null) };
      },
    }),
    defineOperation({
      name: "keys.get",
      summary: "One API key, without its text.",
      permission: "keys.read",
      rest: { method: "GET", path: "/api/v1/keys/{id}" },
      input: keyId,
      output: keySchema,
      run: async ({ id }) => toRow(requireKey(await identity.apiKeys.find(id), id)),
    }),
  ];
}

function createOperation({ identity, isConfigured }: KeyOperationParts): Operation {
  return defineOperation({
    name: "keys.create",
    summary: "Makes an API key. Its text is in the answer, and nowhere else.",
    permission: "keys.write",
    rest: { method: "POST", path: "/api/v1/keys" },
    audit: { target: ({ name }, key) => ({ type: "api_key", id: key?.id ?? null, name }) },
    input: z
      .strictObject({
        name: keyName,
        owner: z
          .string()
          .max(64)
          .optional()
          .describe("Id of the user whose key it is to be. Default: the caller."),
        role: z.enum(roleNames).optional().describe("The key may do what the role may."),
        scopes: z
          .array(z.enum(permissionNames))
          .min(1)
          .optional()
          .describe("Instead of a role: permissions."),
        expires_at: z.iso.datetime({ offset: true }).optional().describe("Default: it does not expire."),
        ...limitInput("limits.default_key"),
        ...policyInput,
      })
      .refine(({ role, scopes }) => role === undefined || scopes === undefined, {
        message: "a key has a role or scopes, not both",
        path: ["scopes"],
      }),
    output: shownKey,
    run: async (input, { principal }) => {
      refuseConfigured((name) => isConfigured(name), input.name);
      const expiresAtMs = toExpiry(input.expires_at);
      const owner = await findOwner(identity, input.owner ?? principal.userId);
      const scopes = toScopes(input, owner?.role);
      refuseMoreThanOwn(scopes, principal.permissions);
      const secret = createSecret();
      const key = createKey({
        name: input.name,
        ownerId: owner?.id ?? null,
        scopes,
        prefix: secret.prefix,
        limits: toLimitValues(input),
        policy: toKeyPolicy(input),
        createdBy: principal.id,
        createdAtMs: Date.now(),
        expiresAtMs,
      });
      await identity.apiKeys.insert(key, secret);
      return { ...toRow(key), key: secret.text };
    },
  });
}

function changingOperations({ identity }: KeyOperationParts): readonly Operation[] {
  const before = async ({ id }: { readonly id: string }) =>
    showAs(keySchema, toRow(requireKey(await identity.apiKeys.find(id), id)));
  return [
    defineOperation({
      name: "keys.rotate",
      summary: "Gives a key a new text. The one before works a while longer.",
      permission: "keys.write",
      rest: { method: "POST", path: "/api/v1/keys/{id}/rotate" },
      audit: { target: toTarget, before },
      input: keyId.extend({
        grace_seconds: z
          .number()
          .int()
          .min(0)
          .max(longestGraceSeconds)
          .default(dayMs / 1_000)
          .describe("How long the text before goes on working, in seconds."),
      }),
      output: shownKey,
      run: async ({ id, grace_seconds }, { principal }) => {
        const { scopes } = requireKey(await identity.apiKeys.find(id), id);
        // Who gets to know the text can use it.
        refuseMoreThanOwn(scopes, principal.permissions);
        const secret = createSecret();
        const key = await identity.apiKeys.rotate(id, secret, Date.now() + grace_seconds * 1_000);
        return { ...toRow(requireStanding(key, id)), key: secret.text };
      },
    }),
    defineOperation({
      name: "keys.revoke",
      summary: "Ends a key for good. Calls in flight go on.",
      permission: "keys.write",
      rest: { method: "DELETE", path: "/api/v1/keys/{id}" },
      audit: { target: toTarget, before },
      input: keyId,
      output: keySchema,
      run: async ({ id }) => {
        requireKey(await identity.apiKeys.find(id), id);
        return toRow(requireStanding(await identity.apiKeys.revoke(id, Date.now()), id));
      },
    }),
  ];
}

function toTarget(
  { id }: { readonly id: string },
  key?: { readonly name: string },
): { readonly type: string; readonly id: string; readonly name: string | null } {
  return { type: "api_key", id, name: key?.name ?? null };
}

/** What a key or a user may be called: the ledger, metrics and screens show it. */
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

function toExpiry(text: string | undefined): number | null {
  if (text === undefined) return null;
  const expiresAtMs = Date.parse(text);
  if (expiresAtMs > Date.now()) return expiresAtMs;
  throw new PlatformError("invalid_request", "`expires_at` must be in the future.", { field: "expires_at" });
}

async function findOwner(
  { users }: Identity,
  id: string | undefined,
): Promise<{ readonly id: string; readonly role: Role } | undefined> {
  if (id === undefined) return undefined;
  const owner = await users.find(id);
  if (owner !== undefined) return owner;
  throw new PlatformError("invalid_request", "`owner` is not the id of a user.", { field: "owner" });
}

function toScopes(
  { role, scopes }: { readonly role?: Role | undefined; readonly scopes?: readonly Permission[] | undefined },
  ownRole: Role | undefined,
): readonly Permission[] {
  return [...new Set(scopes ?? permissionsOf(role ?? ownRole ?? "developer"))];
}

/** Throws PlatformError `forbidden` when a caller would get more by a key than the caller has. */
function refuseMoreThanOwn(scopes: readonly Permission[], own: PermissionSet): void {
  const missing = scopes.filter((scope) => !own.has(scope));
  if (missing.length === 0) return;
  throw new PlatformError(
    "forbidden",
    `Who makes a key must have what it may do, and lacks ${missing.join(", ")}.`,
  );
}

function requireKey(key: ApiKey | undefined, id: string): ApiKey {
  if (key !== undefined) return key;
  throw new PlatformError("not_found", `There is no key with the id ${id}.`);
}

function requireStanding(key: ApiKey | undefined, id: string): ApiKey {
  if (key !== undefined) return key;
  throw new PlatformError("conflict", `The key ${id} is revoked already.`);
}

function toRow(key: ApiKey): z.output<typeof keySchema> {
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

import { z } from "zod";
import { permissionsOf } from "../core/permissions.ts";
import type { Identity } from "../store/identity.ts";
import { permissionList, refuseMoreThanOwn, requireRole, roleInput } from "./granting.ts";
import {
  expiryTime,
  keyId,
  keyName,
  keySchema,
  parseExpiry,
  refuseConfigured,
  requireKey,
  requireStanding,
  shownKey,
  toKeyRow,
  toKeyTarget,
} from "./key-fields.ts";
import { idList, within } from "./id-list.ts";
import { findOwner, ownerOf, refuseMoreThanOwner } from "./key-owner.ts";
import { limitChange, limitInput, limitsAfter, toLimitValues } from "./limit-fields.ts";
import { policyAfter, policyChange, policyInput, toKeyPolicy } from "./policy-fields.ts";
import { createKey, createSecret } from "./new-key.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";

const dayMs = 86_400_000;
const longestGraceSeconds = 30 * 86_400;

export interface KeyOperationParts {
  readonly identity: Identity;
  /** Whether a key of the configuration has the name, which no other may have then. */
  isConfigured(name: string): boolean;
}

/** Operations on API keys. */
export function keyOperations(parts: KeyOperationParts): readonly Operation[] {
  return [
    ...readingOperations(parts),
    createOperation(parts),
    updateOperation(parts),
    ...textOperations(parts),
  ];
}

function readingOperations({ identity }: KeyOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "keys.list",
      summary: "API keys, revoked ones included, without their text.",
      permission: "keys.read",
      rest: { method: "GET", path: "/api/v1/keys" },
      input: z.strictObject({
        ids: idList("Only keys with these ids.").optional(),
        owner: z.string().max(64).optional().describe("Id of a user: only keys of that one."),
        owners: idList("Ids of users: only their keys.").optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.string().max(64).default("").describe("next_cursor of the page before."),
      }),
      output: z.object({ keys: z.array(keySchema).readonly(), next_cursor: z.string().nullable() }),
      run: async ({ ids, owner, owners, limit, cursor }) => {
        const keys = await identity.apiKeys.list({
          afterId: cursor,
          limit,
          ids,
          ownerIds: within(owner, owners),
        });
        return {
          keys: keys.map(toKeyRow),
          next_cursor: keys.length < limit ? null : (keys.at(-1)?.id ?? null),
        };
      },
    }),
    defineOperation({
      name: "keys.get",
      summary: "One API key, without its text.",
      permission: "keys.read",
      rest: { method: "GET", path: "/api/v1/keys/{id}" },
      input: keyId,
      output: keySchema,
      run: async ({ id }) => toKeyRow(requireKey(await identity.apiKeys.find(id), id)),
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
        role: roleInput.optional().describe("The key may do what the role may."),
        scopes: permissionList.optional().describe("Instead of a role: permissions."),
        expires_at: expiryTime.optional().describe("Default: it does not expire."),
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
      const expiresAtMs = input.expires_at === undefined ? null : parseExpiry(input.expires_at);
      const owner = await findOwner(identity, input.owner ?? principal.userId);
      const ofRole = input.role === undefined ? undefined : await requireRole(identity, input.role);
      const otherwise = owner?.permissions ?? permissionsOf("developer");
      const scopes = [...new Set(input.scopes ?? ofRole ?? otherwise)];
      refuseMoreThanOwn(scopes, principal.permissions);
      refuseMoreThanOwner(scopes, owner);
      const secret = createSecret();
      const key = createKey({
        name: input.name,
        ownerId: owner?.user.id ?? null,
        scopes,
        prefix: secret.prefix,
        limits: toLimitValues(input),
        policy: toKeyPolicy(input),
        createdBy: principal.id,
        createdAtMs: Date.now(),
        expiresAtMs,
      });
      await identity.apiKeys.insert(key, secret);
      return { ...toKeyRow(key), key: secret.text };
    },
  });
}

function updateOperation({ identity, isConfigured }: KeyOperationParts): Operation {
  return defineOperation({
    name: "keys.update",
    summary: "Changes a key: its name, scopes, limits, policy or end. It bites with the next call.",
    permission: "keys.write",
    rest: { method: "PATCH", path: "/api/v1/keys/{id}" },
    audit: { target: toKeyTarget, before: beforeChange(identity) },
    input: keyId.extend({
      name: keyName.optional().describe("The ledger keeps the name that the key had for calls from before."),
      scopes: permissionList.optional(),
      expires_at: expiryTime.nullable().optional().describe("Null for a key that does not expire."),
      ...limitChange,
      ...policyChange,
    }),
    output: keySchema,
    run: async ({ id, name, scopes, expires_at, ...fields }, { principal }) => {
      const key = requireKey(await identity.apiKeys.find(id), id);
      refuseMoreThanOwn(key.scopes, principal.permissions);
      if (name !== undefined) refuseConfigured((each) => isConfigured(each), name);
      if (scopes !== undefined) {
        refuseMoreThanOwn(scopes, principal.permissions);
        refuseMoreThanOwner(scopes, await ownerOf(identity, key));
      }
      const changed = await identity.apiKeys.update(id, {
        name,
        scopes: scopes === undefined ? undefined : [...new Set(scopes)],
        expiresAtMs: typeof expires_at === "string" ? parseExpiry(expires_at) : expires_at,
        limits: limitsAfter(key.limits, fields),
        policy: policyAfter(key.policy, fields),
      });
      return toKeyRow(requireStanding(changed, id));
    },
  });
}

function textOperations({ identity }: KeyOperationParts): readonly Operation[] {
  const audit = { target: toKeyTarget, before: beforeChange(identity) };
  return [
    defineOperation({
      name: "keys.rotate",
      summary: "Gives a key a new text. The one before works a while longer.",
      permission: "keys.write",
      rest: { method: "POST", path: "/api/v1/keys/{id}/rotate" },
      audit,
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
        return { ...toKeyRow(requireStanding(key, id)), key: secret.text };
      },
    }),
    defineOperation({
      name: "keys.revoke",
      summary: "Ends a key for good. Calls in flight go on.",
      permission: "keys.write",
      rest: { method: "DELETE", path: "/api/v1/keys/{id}" },
      audit,
      input: keyId,
      output: keySchema,
      run: async ({ id }) => {
        requireKey(await identity.apiKeys.find(id), id);
        return toKeyRow(requireStanding(await identity.apiKeys.revoke(id, Date.now()), id));
      },
    }),
  ];
}

/** How a key is before it is changed. */
function beforeChange(identity: Identity) {
  return async ({ id }: { readonly id: string }) =>
    showAs(keySchema, toKeyRow(requireKey(await identity.apiKeys.find(id), id)));
}

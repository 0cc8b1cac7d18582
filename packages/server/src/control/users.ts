import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { localUserKinds, type User, userKinds } from "../core/identity.ts";
import { roleNames } from "../core/permissions.ts";
import type { Identity } from "../store/identity.ts";
import { keyName, type KeyOperationParts, refuseConfigured } from "./keys.ts";
import { createUser, insertWithKey } from "./new-user.ts";
import {
  changeLimits,
  limitChange,
  type LimitFields,
  limitInput,
  limitOutput,
  toLimitFields,
  toLimitValues,
} from "./limit-fields.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";

const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(userKinds),
  email: z.string().nullable(),
  role: z.enum(roleNames),
  is_active: z.boolean().describe("Keys of a user who is not active do not work."),
  ...limitOutput,
  created_at: z.string(),
});

const userId = z.strictObject({ id: z.string().min(1).max(64) });
const email = z.email().max(254);

/** Operations on users and service accounts. */
export function userOperations(parts: KeyOperationParts): readonly Operation[] {
  return [...readingOperations(parts), createOperation(parts), ...changingOperations(parts)];
}

function readingOperations({ identity }: KeyOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "users.list",
      summary: "Users and service accounts.",
      permission: "users.read",
      rest: { method: "GET", path: "/api/v1/users" },
      input: z.strictObject({
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.string().max(64).default("").describe("next_cursor of the page before."),
      }),
      output: z.object({ users: z.array(userSchema).readonly(), next_cursor: z.string().nullable() }),
      run: async ({ limit, cursor }) => {
        const page = await identity.users.list({ afterId: cursor, limit });
        return {
          users: page.map(toRow),
          next_cursor: page.length < limit ? null : (page.at(-1)?.id ?? null),
        };
      },
    }),
    defineOperation({
      name: "users.get",
      summary: "One user.",
      permission: "users.read",
      rest: { method: "GET", path: "/api/v1/users/{id}" },
      input: userId,
      output: userSchema,
      run: async ({ id }) => toRow(requireUser(await identity.users.find(id), id)),
    }),
  ];
}

function createOperation({ identity, isConfigured }: KeyOperationParts): Operation {
  return defineOperation({
    name: "users.create",
    summary: "Makes a user. The first one is an admin, and from then on every caller needs a key.",
    permission: "users.write",
    rest: { method: "POST", path: "/api/v1/users" },
    audit: { target: ({ name }, user) => ({ type: "user", id: user?.id ?? null, name }) },
    input: z.strictObject({
      name: keyName,
      kind: z.enum(localUserKinds).default("person"),
      email: email.optional(),
      role: z.enum(roleNames),
      ...limitInput("limits.default_user"),
      with_key: z
        .boolean()
        .default(false)
        .describe(
          "Whether a key with the user's name and role is made as well. The first user always gets one.",
        ),
    }),
    output: userSchema.extend({
      key: z
        .string()
        .meta({ format: "secret" })
        .nullable()
        .describe("The text of the key that was made with the user. It is shown this once."),
    }),
    run: async ({ name, kind, email: address, role, with_key, ...limits }, { principal }) => {
      const isFirst = !identity.hasUsers;
      if (isFirst && role !== "admin") {
        throw new PlatformError(
          "invalid_request",
          "The first user must be an admin: nobody else could make further ones.",
          { field: "role" },
        );
      }
      const user = createUser({ name, kind, email: address ?? null, role, limits: toLimitValues(limits) });
      if (!isFirst && !with_key) {
        await identity.users.insert(user);
        return { ...toRow(user), key: null };
      }
      refuseConfigured((each) => isConfigured(each), name);
      return { ...toRow(user), key: await insertWithKey(identity, user, principal.id) };
    },
  });
}

function changingOperations({ identity }: KeyOperationParts): readonly Operation[] {
  const before = async ({ id }: { readonly id: string }) =>
    showAs(userSchema, toRow(requireUser(await identity.users.find(id), id)));
  return [
    defineOperation({
      name: "users.update",
      summary: "Changes a user. It bites at once, on the user's keys too.",
      permission: "users.write",
      rest: { method: "PUT", path: "/api/v1/users/{id}" },
      audit: { target: toTarget, before },
      input: userId.extend({
        email: email.nullable().optional(),
        role: z.enum(roleNames).optional(),
        is_active: z.boolean().optional(),
        ...limitChange,
      }),
      output: userSchema,
      run: async ({ id, email: address, role, is_active, ...fields }) => {
        const isAdminNoMore = (role !== undefined && role !== "admin") || is_active === false;
        if (isAdminNoMore) await refuseLastAdmin(identity, id);
        const limits = await limitsAfter(identity, id, fields);
        const changed = await identity.users.update(id, {
          email: address,
          role,
          isActive: is_active,
          limits,
        });
        return toRow(requireUser(changed, id));
      },
    }),
    defineOperation({
      name: "users.delete",
      summary: "Deletes a user. The user's keys work no longer.",
      permission: "users.write",
      rest: { method: "DELETE", path: "/api/v1/users/{id}" },
      audit: { target: toTarget, before, after: () => null },
      input: userId,
      output: userSchema,
      run: async ({ id }) => {
        const user = requireUser(await identity.users.find(id), id);
        await refuseLastAdmin(identity, id);
        await identity.users.delete(id);
        return toRow(user);
      },
    }),
  ];
}

function toTarget(
  { id }: { readonly id: string },
  user?: { readonly name: string },
): { readonly type: string; readonly id: string; readonly name: string | null } {
  return { type: "user", id, name: user?.name ?? null };
}

/** Undefined when they stay as they are. */
async function limitsAfter({ users }: Identity, id: string, fields: LimitFields) {
  if (Object.values(fields).every((field) => field === undefined)) return undefined;
  return changeLimits((await users.find(id))?.limits, fields);
}

/** Throws PlatformError `conflict` when a user is the only active admin. */
async function refuseLastAdmin({ users }: Identity, id: string): Promise<void> {
  if (await users.hasOtherAdmin(id)) return;
  if ((await users.find(id))?.role !== "admin") return;
  throw new PlatformError("conflict", "This is the last active admin. Make another one first.");
}

function requireUser(user: User | undefined, id: string): User {
  if (user !== undefined) return user;
  throw new PlatformError("not_found", `There is no user with the id ${id}.`);
}

function toRow(user: User): z.output<typeof userSchema> {
  return {
    id: user.id,
    name: user.name,
    kind: user.kind,
    email: user.email,
    role: user.role,
    is_active: user.isActive,
    ...toLimitFields(user.limits),
    created_at: new Date(user.createdAtMs).toISOString(),
  };
}

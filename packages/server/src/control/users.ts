import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { localUserKinds } from "../core/identity.ts";
import type { Principal } from "../core/principal.ts";
import type { Identity } from "../store/identity.ts";
import { refuseMoreThanOwn, requireRole, roleInput } from "./granting.ts";
import { keyName, refuseConfigured } from "./key-fields.ts";
import type { KeyOperationParts } from "./keys.ts";
import { limitChange, limitInput, limitsAfter, toLimitValues } from "./limit-fields.ts";
import { createUser, insertWithKey } from "./new-user.ts";
import { idList, within } from "./id-list.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";
import { findWithin, requireUser, toUserRow, userId, userSchema } from "./user-fields.ts";

const email = z.email().max(254);
const teamInput = z.string().min(1).max(64).describe("Id of a team.");

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
        ids: idList("Only users with these ids.").optional(),
        team: teamInput.optional().describe("Id of a team: only its members."),
        teams: idList("Ids of teams: only their members.").optional(),
        role: roleInput.optional().describe("Only users with this role."),
        roles: idList("Only users with one of these roles.").optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        cursor: z.string().max(64).default("").describe("next_cursor of the page before."),
      }),
      output: z.object({ users: z.array(userSchema).readonly(), next_cursor: z.string().nullable() }),
      run: async ({ ids, team, teams, role, roles, limit, cursor }) => {
        const page = await identity.users.list({
          afterId: cursor,
          limit,
          ids,
          teamIds: within(team, teams),
          roles: within(role, roles),
        });
        return {
          users: page.map(toUserRow),
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
      run: async ({ id }) => toUserRow(requireUser(await identity.users.find(id), id)),
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
      role: roleInput,
      team: teamInput.optional(),
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
    run: async ({ name, kind, email: address, role, team, with_key, ...limits }, { principal }) =>
      guardFirst(identity, principal, async (isFirst) => {
        if (isFirst && role !== "admin") {
          throw new PlatformError(
            "invalid_request",
            "The first user must be an admin: nobody else could make further ones.",
            { field: "role" },
          );
        }
        const permissions = await requireRole(identity, role);
        refuseMoreThanOwn(permissions, principal.permissions);
        if (team !== undefined) await requireTeam(identity, team);
        const user = createUser({
          name,
          kind,
          email: address ?? null,
          role,
          teamId: team ?? null,
          limits: toLimitValues(limits),
        });
        if (!isFirst && !with_key) {
          await identity.users.insert(user);
          return { ...toUserRow(user), key: null };
        }
        refuseConfigured((each) => isConfigured(each), name);
        const owner = { user, scopes: permissions, createdBy: principal.id };
        return { ...toUserRow(user), key: await insertWithKey(identity, owner) };
      }),
  });
}

/**
 * Of several first users at once one is made. Rejects with PlatformError `conflict` for the others, and
 * `unauthenticated` for a caller who came without a key before there was a user.
 */
async function guardFirst<Result>(
  identity: Identity,
  { kind }: Principal,
  make: (isFirst: boolean) => Promise<Result>,
): Promise<Result> {
  if (!identity.hasUsers) return identity.makeFirst(() => make(true));
  if (kind !== "local") return make(false);
  throw new PlatformError(
    "unauthenticated",
    "There is a first user now, so that every caller needs an API key. Send one as `Authorization: Bearer KEY`.",
  );
}

function changingOperations({ identity }: KeyOperationParts): readonly Operation[] {
  const before = async ({ id }: { readonly id: string }) =>
    showAs(userSchema, toUserRow(requireUser(await identity.users.find(id), id)));
  return [
    defineOperation({
      name: "users.update",
      summary: "Changes a user. It bites at once, on the user's keys too.",
      permission: "users.write",
      rest: { method: "PUT", path: "/api/v1/users/{id}" },
      audit: { target: toTarget, before },
      input: userId.extend({
        email: email.nullable().optional(),
        role: roleInput.optional(),
        team: teamInput.nullable().optional().describe("Id of another team; null for none."),
        is_active: z.boolean().optional(),
        ...limitChange,
      }),
      output: userSchema,
      run: async ({ id, email: address, role, team, is_active, ...fields }, { principal }) => {
        const user = await findWithin(identity, id, principal.permissions);
        if (role !== undefined) refuseMoreThanOwn(await requireRole(identity, role), principal.permissions);
        if (typeof team === "string") await requireTeam(identity, team);
        const isAdminNoMore = (role !== undefined && role !== "admin") || is_active === false;
        if (isAdminNoMore) await refuseLastAdmin(identity, id);
        const changed = await identity.users.update(id, {
          email: address,
          role,
          teamId: team,
          isActive: is_active,
          limits: limitsAfter(user.limits, fields),
        });
        return toUserRow(requireUser(changed, id));
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
      run: async ({ id }, { principal }) => {
        const user = await findWithin(identity, id, principal.permissions);
        await refuseLastAdmin(identity, id);
        await identity.users.delete(id);
        return toUserRow(user);
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

async function requireTeam({ teams }: Identity, id: string): Promise<void> {
  if ((await teams.find(id)) !== undefined) return;
  throw new PlatformError("invalid_request", "`team` is not the id of a team.", { field: "team" });
}

/** Throws PlatformError `conflict` when a user is the only active admin. */
async function refuseLastAdmin({ users }: Identity, id: string): Promise<void> {
  if (await users.hasOtherAdmin(id)) return;
  if ((await users.find(id))?.role !== "admin") return;
  throw new PlatformError("conflict", "This is the last active admin. Make another one first.");
}

import { z } from "zod";
import type { CallerLimitDefaults } from "../core/caller-limits.ts";
import type { User } from "../core/identity.ts";
import { limitScopes, noLimits, toLimit } from "../core/limits.ts";
import { permissionNames, permissions as meanings } from "../core/permissions.ts";
import { isBuiltIn } from "../core/role.ts";
import type { Identity } from "../store/identity.ts";
import { limitOutput, toLimitFields } from "./limit-fields.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { requireUser, userId } from "./user-fields.ts";

export interface UserAccessParts {
  readonly identity: Identity;
  /** What holds where users have no limits of their own. */
  limitDefaults(): CallerLimitDefaults;
}

const reasons = ["allowed", "user_inactive", "role_missing"] as const;

const output = z.object({
  id: z.string(),
  name: z.string(),
  is_active: z.boolean(),
  has_password: z.boolean().describe("Whether the user can log in by name and password."),
  role: z.object({
    name: z.string(),
    is_built_in: z.boolean(),
    exists: z.boolean().describe("Who has a role that does not exist may do nothing."),
  }),
  team: z
    .object({ id: z.string(), name: z.string() })
    .nullable()
    .describe("It gives its limits to all members together, and no permission."),
  permissions: z
    .array(
      z.object({
        name: z.enum(permissionNames),
        summary: z.string(),
        is_allowed: z.boolean(),
        role: z.string().nullable().describe("The role that allows it; null where none does."),
      }),
    )
    .readonly()
    .describe("Every permission that there is."),
  reason: z
    .enum(reasons)
    .describe("Why the user may do nothing at all: `user_inactive` or `role_missing`; else `allowed`."),
  limits: z
    .array(z.object({ scope: z.enum(limitScopes), ...limitOutput }))
    .readonly()
    .describe("What holds for the user's keys together, and for the team together."),
});

/** What one user may do, and by what. */
export function userAccessOperations(parts: UserAccessParts): readonly Operation[] {
  return [
    defineOperation({
      name: "users.access",
      summary: "What one user may do now, by which role, and within which limits.",
      permission: "users.read",
      rest: { method: "GET", path: "/api/v1/users/{id}/access" },
      input: userId,
      output,
      run: async ({ id }) => readAccess(parts, requireUser(await parts.identity.users.find(id), id)),
    }),
  ];
}

async function readAccess(
  { identity, limitDefaults }: UserAccessParts,
  user: User,
): Promise<z.output<typeof output>> {
  const { id, name, isActive, role } = user;
  const [{ permissions, team }, ofRole, phc] = await Promise.all([
    identity.toMember(user),
    identity.roles.permissionsOf(role),
    identity.passwords.find(id),
  ]);
  const limits = [
    toLimit("user", id, { own: user.limits, defaults: limitDefaults().user }),
    team === undefined ? undefined : toLimit("team", team.id, { own: team.limits, defaults: noLimits }),
  ];
  return {
    id,
    name,
    is_active: isActive,
    has_password: phc !== undefined,
    role: { name: role, is_built_in: isBuiltIn(role), exists: ofRole !== undefined },
    team: team === undefined ? null : { id: team.id, name: team.name },
    permissions: permissionNames.map((each) => ({
      name: each,
      summary: meanings[each],
      is_allowed: isActive && permissions.has(each),
      role: permissions.has(each) ? role : null,
    })),
    reason: isActive ? (ofRole === undefined ? "role_missing" : "allowed") : "user_inactive",
    limits: limits.flatMap((limit) =>
      limit === undefined ? [] : [{ scope: limit.scope, ...toLimitFields(limit) }],
    ),
  };
}

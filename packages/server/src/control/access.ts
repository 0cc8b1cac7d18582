import { z } from "zod";
import { type CallerLimitDefaults, limitsOfCaller } from "../core/caller-limits.ts";
import type { HttpRoute } from "../core/http-route.ts";
import { limitScopes } from "../core/limits.ts";
import { permissionNames, permissionsOf, roleNames } from "../core/permissions.ts";
import { principalKinds } from "../core/principal.ts";
import type { Identity } from "../store/identity.ts";
import { limitOutput, toLimitFields } from "./limit-fields.ts";
import { defineOperation, type Operation } from "./operation.ts";

const permission = z.enum(permissionNames);

export interface AccessOperationParts {
  readonly identity: Identity;
  /** What holds where keys and users have no limits of their own. */
  limitDefaults(): CallerLimitDefaults;
  /** Every route that this server answers now. */
  routes(): readonly HttpRoute[];
}

/** Operations that tell who may do what. */
export function accessOperations(parts: AccessOperationParts): readonly Operation[] {
  return [whoamiOperation(parts), routesOperation(parts)];
}

function whoamiOperation({ identity, limitDefaults }: AccessOperationParts): Operation {
  return defineOperation({
    name: "access.whoami",
    summary: "Who the caller is, and what the caller may do.",
    permission: "self.read",
    rest: { method: "GET", path: "/api/v1/access/whoami" },
    input: z.strictObject({}),
    output: z.object({
      id: z.string(),
      name: z.string(),
      kind: z.enum(principalKinds),
      user: z
        .string()
        .nullable()
        .describe("Id of the user whose key or token it is; null for a key of nobody."),
      role: z.string().nullable().describe("Null for a key of nobody, which has its scopes alone."),
      team: z.object({ id: z.string(), name: z.string() }).nullable(),
      permissions: z.array(permission).readonly(),
      limits: z
        .array(z.object({ scope: z.enum(limitScopes), ...limitOutput }))
        .readonly()
        .describe("What holds for the key, its owner's keys together, and the owner's team together."),
    }),
    run: async (_input, { principal }) => {
      const { teamId, role, userId } = principal;
      const team = teamId === undefined ? undefined : await identity.teams.find(teamId);
      return {
        id: principal.id,
        name: principal.name,
        kind: principal.kind,
        user: userId ?? null,
        role: role ?? null,
        team: team === undefined ? null : { id: team.id, name: team.name },
        permissions: [...principal.permissions],
        limits: limitsOfCaller(principal, limitDefaults()).map((limit) => ({
          scope: limit.scope,
          ...toLimitFields(limit),
        })),
      };
    },
  });
}

function routesOperation({ identity, routes }: AccessOperationParts): Operation {
  return defineOperation({
    name: "access.routes",
    summary: "Every route that this server answers now, and who may call it.",
    permission: "system.read",
    rest: { method: "GET", path: "/api/v1/access/routes" },
    input: z.strictObject({}),
    output: z.object({
      routes: z
        .array(
          z.object({
            method: z.string(),
            path: z.string(),
            permission: permission.nullable().describe("Null for a route that anybody may call."),
            roles: z.array(z.string()).readonly().describe("Those that have the permission."),
          }),
        )
        .readonly(),
    }),
    run: async () => {
      const made = await identity.roles.list();
      const all = [
        ...roleNames.map((name) => ({ name, permissions: permissionsOf(name) })),
        ...made.map(({ name, permissions }) => ({ name, permissions: new Set(permissions) })),
      ];
      return {
        routes: routes().map(({ method, path, access }) => ({
          method,
          path,
          permission: access === "public" ? null : access,
          roles: all
            .filter(({ permissions }) => access === "public" || permissions.has(access))
            .map(({ name }) => name),
        })),
      };
    },
  });
}

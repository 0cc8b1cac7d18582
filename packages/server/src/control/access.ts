import { z } from "zod";
import type { HttpRoute } from "../core/http-route.ts";
import {
  permissionNames,
  permissions,
  permissionsOf,
  roleNames,
  roles,
  rolesWith,
} from "../core/permissions.ts";
import { principalKinds } from "../core/principal.ts";
import { defineOperation, type Operation } from "./operation.ts";

const permission = z.enum(permissionNames);
const role = z.enum(roleNames);

/** Operations that tell who may do what. */
export function accessOperations(routes: () => readonly HttpRoute[]): readonly Operation[] {
  return [
    defineOperation({
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
        permissions: z.array(permission).readonly(),
      }),
      run: async (_input, { principal }) => ({
        id: principal.id,
        name: principal.name,
        kind: principal.kind,
        user: principal.userId ?? null,
        permissions: [...principal.permissions],
      }),
    }),
    defineOperation({
      name: "access.roles",
      summary: "The roles, and what each of them allows.",
      permission: "system.read",
      rest: { method: "GET", path: "/api/v1/access/roles" },
      input: z.strictObject({}),
      output: z.object({
        roles: z
          .array(z.object({ name: role, summary: z.string(), permissions: z.array(permission).readonly() }))
          .readonly(),
        permissions: z.array(z.object({ name: permission, summary: z.string() })).readonly(),
      }),
      run: async () => ({
        roles: roleNames.map((name) => ({
          name,
          summary: roles[name],
          permissions: [...permissionsOf(name)],
        })),
        permissions: permissionNames.map((name) => ({ name, summary: permissions[name] })),
      }),
    }),
    defineOperation({
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
              roles: z.array(role).readonly().describe("Those that have the permission."),
            }),
          )
          .readonly(),
      }),
      run: async () => ({
        routes: routes().map(({ method, path, access }) => ({
          method,
          path,
          permission: access === "public" ? null : access,
          roles: access === "public" ? roleNames : rolesWith(access),
        })),
      }),
    }),
  ];
}

import { PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import { permissionNames, permissions, permissionsOf, roleNames, roles } from "../core/permissions.ts";
import { type CustomRole, isBuiltIn, roleNamePattern } from "../core/role.ts";
import type { Identity } from "../store/identity.ts";
import { permissionList, refuseMoreThanOwn } from "./granting.ts";
import { defineOperation, type Operation } from "./operation.ts";
import { showAs } from "./shown.ts";

const permission = z.enum(permissionNames);

const roleSchema = z.object({
  name: z.string(),
  description: z.string(),
  is_built_in: z.boolean().describe("Whether every platform has the role. It cannot be changed, then."),
  permissions: z.array(permission).readonly(),
  created_at: z.string().nullable().describe("Null for a role that is built in."),
});

const roleId = z.strictObject({ name: z.string().min(1).max(64) });
const newName = z
  .string()
  .regex(roleNamePattern, "must be small letters, digits, - and _, a letter first, 63 at most");
const description = z.string().max(500);

/** Operations on roles. */
export function roleOperations(identity: Identity): readonly Operation[] {
  return [...readingOperations(identity), createOperation(identity), ...changingOperations(identity)];
}

function readingOperations(identity: Identity): readonly Operation[] {
  return [
    defineOperation({
      name: "roles.list",
      summary: "The roles, what each of them allows, and every permission that there is.",
      permission: "roles.read",
      rest: { method: "GET", path: "/api/v1/roles" },
      input: z.strictObject({}),
      output: z.object({
        roles: z.array(roleSchema).readonly(),
        permissions: z.array(z.object({ name: permission, summary: z.string() })).readonly(),
      }),
      run: async () => ({
        roles: [...roleNames.map(toBuiltInRow), ...(await identity.roles.list()).map(toRow)],
        permissions: permissionNames.map((name) => ({ name, summary: permissions[name] })),
      }),
    }),
    defineOperation({
      name: "roles.get",
      summary: "One role.",
      permission: "roles.read",
      rest: { method: "GET", path: "/api/v1/roles/{name}" },
      input: roleId,
      output: roleSchema,
      run: async ({ name }) =>
        isBuiltIn(name) ? toBuiltInRow(name) : toRow(requireFound(await identity.roles.find(name), name)),
    }),
  ];
}

function createOperation(identity: Identity): Operation {
  return defineOperation({
    name: "roles.create",
    summary: "Makes a role. It allows nothing that its maker may not do.",
    permission: "roles.write",
    rest: { method: "POST", path: "/api/v1/roles" },
    audit: { target: toTarget },
    input: z.strictObject({
      name: newName,
      description: description.default(""),
      permissions: permissionList,
    }),
    output: roleSchema,
    run: async ({ name, description: text, permissions: allowed }, { principal }) => {
      if (isBuiltIn(name)) throw builtIn(name);
      refuseMoreThanOwn(allowed, principal.permissions);
      const role = { name, description: text, permissions: inOrder(allowed), createdAtMs: Date.now() };
      await identity.roles.insert(role);
      return toRow(role);
    },
  });
}

function changingOperations(identity: Identity): readonly Operation[] {
  const before = async ({ name }: { readonly name: string }) =>
    showAs(roleSchema, toRow(await requireCustom(identity, name)));
  return [
    defineOperation({
      name: "roles.update",
      summary: "Changes a role. It bites at once, on all who have it and on their keys.",
      permission: "roles.write",
      rest: { method: "PATCH", path: "/api/v1/roles/{name}" },
      audit: { target: toTarget, before },
      input: roleId.extend({ description: description.optional(), permissions: permissionList.optional() }),
      output: roleSchema,
      run: async ({ name, description: text, permissions: allowed }, { principal }) => {
        const role = await requireCustom(identity, name);
        refuseMoreThanOwn([...role.permissions, ...(allowed ?? [])], principal.permissions);
        const changed = await identity.roles.update(name, {
          ...(text === undefined ? {} : { description: text }),
          ...(allowed === undefined ? {} : { permissions: inOrder(allowed) }),
        });
        return toRow(requireFound(changed, name));
      },
    }),
    defineOperation({
      name: "roles.delete",
      summary: "Deletes a role that no user has.",
      permission: "roles.write",
      rest: { method: "DELETE", path: "/api/v1/roles/{name}" },
      audit: { target: toTarget, before, after: () => null },
      input: roleId,
      output: roleSchema,
      run: async ({ name }, { principal }) => {
        const role = await requireCustom(identity, name);
        refuseMoreThanOwn(role.permissions, principal.permissions);
        await identity.roles.delete(name);
        return toRow(role);
      },
    }),
  ];
}

function toTarget({ name }: { readonly name: string }) {
  return { type: "role", id: name, name };
}

/** Each once, as the table of permissions has them. */
function inOrder(allowed: readonly z.output<typeof permission>[]) {
  return permissionNames.filter((name) => allowed.includes(name));
}

/** Throws PlatformError `not_found`, and `conflict` for a role that cannot be changed. */
async function requireCustom({ roles: table }: Identity, name: string): Promise<CustomRole> {
  if (isBuiltIn(name)) throw builtIn(name);
  return requireFound(await table.find(name), name);
}

function requireFound(role: CustomRole | undefined, name: string): CustomRole {
  if (role !== undefined) return role;
  throw new PlatformError("not_found", `There is no role with the name ${name}.`);
}

function builtIn(name: string): PlatformError {
  return new PlatformError(
    "conflict",
    `The role ${name} is built in, and stays as it is. Make one with another name.`,
    { field: "name" },
  );
}

function toBuiltInRow(name: (typeof roleNames)[number]): z.output<typeof roleSchema> {
  return {
    name,
    description: roles[name],
    is_built_in: true,
    permissions: [...permissionsOf(name)],
    created_at: null,
  };
}

function toRow(role: CustomRole): z.output<typeof roleSchema> {
  return {
    name: role.name,
    description: role.description,
    is_built_in: false,
    permissions: role.permissions,
    created_at: new Date(role.createdAtMs).toISOString(),
  };
}

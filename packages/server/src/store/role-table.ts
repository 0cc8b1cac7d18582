import { PlatformError } from "@llm-platform/kit";
import type { Kysely, Selectable } from "kysely";
import { type PermissionSet, permissionsOf } from "../core/permissions.ts";
import { type CustomRole, isBuiltIn } from "../core/role.ts";
import { fromPermissionText, toPermissionText } from "./permission-list.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { RoleRow, Tables } from "./tables.ts";

/** What of a role can be changed. */
export type RoleChange = Partial<Pick<CustomRole, "description" | "permissions">>;

/** Roles that were made here. Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface RoleTable {
  /** Rejects with PlatformError `conflict` when the name is taken. */
  insert(role: CustomRole): Promise<void>;
  /** In the order of their names. */
  list(): Promise<readonly CustomRole[]>;
  find(name: string): Promise<CustomRole | undefined>;
  /** What a role allows, also one that every platform has; undefined for one that does not exist. */
  permissionsOf(name: string): Promise<PermissionSet | undefined>;
  /** Resolves with the role as changed; undefined when there is none. */
  update(name: string, change: RoleChange): Promise<CustomRole | undefined>;
  /** Resolves with whether there was one. Rejects with PlatformError `conflict` while users have it. */
  delete(name: string): Promise<boolean>;
}

export function createRoleTable(database: Kysely<Tables>): RoleTable {
  const find = async (name: string): Promise<CustomRole | undefined> => {
    const row = await database.selectFrom("roles").selectAll().where("name", "=", name).executeTakeFirst();
    return row === undefined ? undefined : toRole(row);
  };
  return {
    insert: (role) =>
      guardStorageLater(async () => {
        const { numInsertedOrUpdatedRows: inserted } = await database
          .insertInto("roles")
          .values(toRow(role))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (inserted === 1n) return;
        throw new PlatformError("conflict", `There is a role with the name ${role.name}.`, { field: "name" });
      }),
    list: () =>
      guardStorageLater(async () =>
        (await database.selectFrom("roles").selectAll().orderBy("name").execute()).map(toRole),
      ),
    find: (name) => guardStorageLater(() => find(name)),
    permissionsOf: (name) =>
      guardStorageLater(async () => {
        if (isBuiltIn(name)) return permissionsOf(name);
        const role = await find(name);
        return role === undefined ? undefined : new Set(role.permissions);
      }),
    update: (name, { description, permissions }) =>
      guardStorageLater(async () => {
        const change = {
          ...(description === undefined ? {} : { description }),
          ...(permissions === undefined ? {} : { permissions: toPermissionText(permissions) }),
        };
        if (Object.keys(change).length === 0) return find(name);
        const row = await database
          .updateTable("roles")
          .set(change)
          .where("name", "=", name)
          .returningAll()
          .executeTakeFirst();
        return row === undefined ? undefined : toRole(row);
      }),
    delete: (name) =>
      guardStorageLater(async () => {
        const { numDeletedRows } = await database
          .deleteFrom("roles")
          .where("name", "=", name)
          .where(({ not, exists, selectFrom }) =>
            not(exists(selectFrom("users").select("users.id").where("users.role", "=", name))),
          )
          .executeTakeFirstOrThrow();
        if (numDeletedRows > 0n) return true;
        if ((await find(name)) === undefined) return false;
        throw new PlatformError("conflict", `Users have the role ${name}. Give them another one first.`);
      }),
  };
}

function toRow({ name, description, permissions, createdAtMs }: CustomRole): RoleRow {
  return { name, description, permissions: toPermissionText(permissions), created_at_ms: createdAtMs };
}

function toRole(row: Selectable<RoleRow>): CustomRole {
  return {
    name: row.name,
    description: row.description,
    permissions: fromPermissionText(row.permissions),
    createdAtMs: row.created_at_ms,
  };
}

import { PlatformError } from "@llm-platform/kit";
import type { Kysely, Selectable } from "kysely";
import { type User, userKinds } from "../core/identity.ts";
import type { LimitValues } from "../core/limits.ts";
import { fromLimitColumns, toLimitColumns } from "./limit-columns.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables, UserRow } from "./tables.ts";

/** What of a user can be changed. */
export interface UserChange {
  readonly email?: User["email"] | undefined;
  readonly role?: User["role"] | undefined;
  readonly teamId?: User["teamId"] | undefined;
  readonly isActive?: boolean | undefined;
  readonly limits?: LimitValues | undefined;
}

export interface UserPage {
  readonly afterId: string;
  readonly limit: number;
  /** Only these. */
  readonly ids?: readonly string[] | undefined;
  /** Only members of these teams. */
  readonly teamIds?: readonly string[] | undefined;
  /** Only users with one of these roles. */
  readonly roles?: readonly string[] | undefined;
}

/** Users and service accounts. Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface UserTable {
  /** Rejects with PlatformError `conflict` when the name is taken. */
  insert(user: User): Promise<void>;
  /** In the order of their ids. */
  list(page: UserPage): Promise<readonly User[]>;
  find(id: string): Promise<User | undefined>;
  findByName(name: string): Promise<User | undefined>;
  /** Resolves with the user as changed; undefined when there is none. */
  update(id: string, change: UserChange): Promise<User | undefined>;
  /** Resolves with whether there was one. Keys of a user who is gone do not work. */
  delete(id: string): Promise<boolean>;
  /** Whether there is any. */
  hasAny(): Promise<boolean>;
  /** Whether an active admin is left without this user. */
  hasOtherAdmin(id: string): Promise<boolean>;
}

export function createUserTable(database: Kysely<Tables>): UserTable {
  return {
    insert: (user) =>
      guardStorageLater(async () => {
        const { numInsertedOrUpdatedRows: inserted } = await database
          .insertInto("users")
          .values(toRow(user))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (inserted !== 1n) {
          throw new PlatformError("conflict", `There is a user with the name ${user.name}.`, {
            field: "name",
          });
        }
      }),
    list: ({ afterId, limit, ids, teamIds, roles }) =>
      guardStorageLater(async () => {
        let query = database.selectFrom("users").selectAll().where("id", ">", afterId);
        if (ids !== undefined) query = query.where("id", "in", ids);
        if (teamIds !== undefined) query = query.where("team_id", "in", teamIds);
        if (roles !== undefined) query = query.where("role", "in", roles);
        return (await query.orderBy("id").limit(limit).execute()).map(toUser);
      }),
    find: (id) => guardStorageLater(() => find(database, id)),
    findByName: (name) =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("users")
          .selectAll()
          .where("name", "=", name)
          .executeTakeFirst();
        return row === undefined ? undefined : toUser(row);
      }),
    update: (id, { email, role, teamId, isActive, limits }) =>
      guardStorageLater(async () => {
        const change = {
          ...(email === undefined ? {} : { email }),
          ...(role === undefined ? {} : { role }),
          ...(teamId === undefined ? {} : { team_id: teamId }),
          ...(isActive === undefined ? {} : { is_active: Number(isActive) }),
          ...(limits === undefined ? {} : toLimitColumns(limits)),
        };
        if (Object.keys(change).length === 0) return find(database, id);
        const row = await database
          .updateTable("users")
          .set(change)
          .where("id", "=", id)
          .returningAll()
          .executeTakeFirst();
        return row === undefined ? undefined : toUser(row);
      }),
    delete: (id) =>
      guardStorageLater(async () => {
        const { numDeletedRows } = await database
          .deleteFrom("users")
          .where("id", "=", id)
          .executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      }),
    hasAny: () =>
      guardStorageLater(async () => {
        const row = await database.selectFrom("users").select("id").limit(1).executeTakeFirst();
        return row !== undefined;
      }),
    hasOtherAdmin: (id) =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("users")
          .select("id")
          .where("role", "=", "admin")
          .where("is_active", "=", 1)
          .where("id", "!=", id)
          .limit(1)
          .executeTakeFirst();
        return row !== undefined;
      }),
  };
}

async function find(database: Kysely<Tables>, id: string): Promise<User | undefined> {
  const row = await database.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : toUser(row);
}

function toRow({ id, name, kind, email, role, teamId, isActive, createdAtMs, limits }: User): UserRow {
  return {
    id,
    name,
    kind,
    email,
    role,
    team_id: teamId,
    is_active: Number(isActive),
    created_at_ms: createdAtMs,
    ...toLimitColumns(limits),
  };
}

/** Of a kind that this version does not know, a user is a person. */
export function toUser(row: Selectable<UserRow>): User {
  return {
    id: row.id,
    name: row.name,
    kind: userKinds.find((kind) => kind === row.kind) ?? "person",
    email: row.email,
    role: row.role,
    teamId: row.team_id,
    isActive: row.is_active === 1,
    limits: fromLimitColumns(row),
    createdAtMs: row.created_at_ms,
  };
}

import { PlatformError } from "@llm-platform/kit";
import type { Kysely, Selectable } from "kysely";
import type { ApiKey, User } from "../core/identity.ts";
import { auditPolicies, type KeyPolicy } from "../core/key-policy.ts";
import type { LimitValues } from "../core/limits.ts";
import type { Permission } from "../core/permissions.ts";
import { fromLimitColumns, toLimitColumns } from "./limit-columns.ts";
import { fromPermissionText, toPermissionText } from "./permission-list.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { ApiKeyRow, Tables } from "./tables.ts";
import { toUser } from "./user-table.ts";

/** A key's text as the store has it. */
export interface KeySecret {
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  readonly prefix: string;
}

export interface KeyPage {
  readonly afterId: string;
  readonly limit: number;
  /** Only these. */
  readonly ids?: readonly string[] | undefined;
  /** Only keys of these users. */
  readonly ownerIds?: readonly string[] | undefined;
}

/** What of a key can be changed. */
export interface KeyChange {
  readonly name?: string | undefined;
  readonly scopes?: readonly Permission[] | undefined;
  readonly limits?: LimitValues | undefined;
  readonly policy?: KeyPolicy | undefined;
  /** Null for a key that does not expire. */
  readonly expiresAtMs?: number | null | undefined;
}

/** A key as its row and its owner's say. */
export interface StoredKey {
  readonly key: ApiKey;
  /** Undefined for a key of nobody. */
  readonly owner: User | undefined;
  /** Whether it was found by the text before the last rotation. */
  readonly isPrevious: boolean;
}

/** API keys. Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface ApiKeyTable {
  /** Rejects with PlatformError `conflict` when a key that is not revoked has the name. */
  insert(key: ApiKey, secret: KeySecret): Promise<void>;
  /** In the order of their ids, revoked ones included. */
  list(page: KeyPage): Promise<readonly ApiKey[]>;
  find(id: string): Promise<ApiKey | undefined>;
  findBySha256(sha256: string): Promise<StoredKey | undefined>;
  /**
   * Resolves with the key as changed; undefined when there is none, or it is revoked.
   * Rejects with PlatformError `conflict` when another key that is not revoked has the name.
   */
  update(id: string, change: KeyChange): Promise<ApiKey | undefined>;
  /**
   * Gives a key a new text. The one before works until `previousExpiresAtMs`.
   * Resolves with undefined when there is no such key, or it is revoked.
   */
  rotate(id: string, secret: KeySecret, previousExpiresAtMs: number): Promise<ApiKey | undefined>;
  /** The same. A key that was revoked stays so. */
  revoke(id: string, nowMs: number): Promise<ApiKey | undefined>;
  noteUsed(id: string, usedAtMs: number): Promise<void>;
  /** Names of the keys that stand and whose calls are kept with their content. */
  listCapturing(): Promise<readonly string[]>;
}

export function createApiKeyTable(database: Kysely<Tables>): ApiKeyTable {
  const standing = (id: string) =>
    database.updateTable("api_keys").where("id", "=", id).where("revoked_at_ms", "is", null);
  return {
    insert: (key, secret) =>
      guardStorageLater(async () => {
        const { numInsertedOrUpdatedRows: inserted } = await database
          .insertInto("api_keys")
          .values(toRow(key, secret))
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow();
        if (inserted !== 1n) throw nameTaken(key.name);
      }),
    list: ({ afterId, limit, ids, ownerIds }) =>
      guardStorageLater(async () => {
        let query = database.selectFrom("api_keys").selectAll().where("id", ">", afterId);
        if (ids !== undefined) query = query.where("id", "in", ids);
        if (ownerIds !== undefined) query = query.where("owner_id", "in", ownerIds);
        return (await query.orderBy("id").limit(limit).execute()).map(toKey);
      }),
    find: (id) =>
      guardStorageLater(async () => {
        const row = await database.selectFrom("api_keys").selectAll().where("id", "=", id).executeTakeFirst();
        return row === undefined ? undefined : toKey(row);
      }),
    findBySha256: (sha256) => guardStorageLater(() => findBySha256(database, sha256)),
    update: (id, change) => guardStorageLater(() => update(database, id, change)),
    rotate: (id, { sha256, prefix }, previousExpiresAtMs) =>
      guardStorageLater(async () => {
        const row = await standing(id)
          .set((column) => ({
            previous_sha256: column.ref("sha256"),
            previous_expires_at_ms: previousExpiresAtMs,
            sha256,
            prefix,
          }))
          .returningAll()
          .executeTakeFirst();
        return row === undefined ? undefined : toKey(row);
      }),
    revoke: (id, nowMs) =>
      guardStorageLater(async () => {
        const row = await standing(id).set({ revoked_at_ms: nowMs }).returningAll().executeTakeFirst();
        return row === undefined ? undefined : toKey(row);
      }),
    listCapturing: () =>
      guardStorageLater(async () => {
        const rows = await database
          .selectFrom("api_keys")
          .select("name")
          .where("capture_content", "=", 1)
          .where("revoked_at_ms", "is", null)
          .orderBy("name")
          .execute();
        return rows.map(({ name }) => name);
      }),
    noteUsed: (id, usedAtMs) =>
      guardStorageLater(async () => {
        await database
          .updateTable("api_keys")
          .where("id", "=", id)
          .set({ last_used_at_ms: usedAtMs })
          .execute();
      }),
  };
}

async function findBySha256(database: Kysely<Tables>, sha256: string): Promise<StoredKey | undefined> {
  const row = await database
    .selectFrom("api_keys")
    .selectAll()
    .where((where) => where.or([where("sha256", "=", sha256), where("previous_sha256", "=", sha256)]))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const owner =
    row.owner_id === null
      ? undefined
      : await database.selectFrom("users").selectAll().where("id", "=", row.owner_id).executeTakeFirst();
  return {
    key: toKey(row),
    owner: owner === undefined ? undefined : toUser(owner),
    isPrevious: row.sha256 !== sha256,
  };
}

async function update(
  database: Kysely<Tables>,
  id: string,
  { name, scopes, limits, policy, expiresAtMs }: KeyChange,
): Promise<ApiKey | undefined> {
  const change = {
    ...(name === undefined ? {} : { name }),
    ...(scopes === undefined ? {} : { scopes: toPermissionText(scopes) }),
    ...(limits === undefined ? {} : toLimitColumns(limits)),
    ...(policy === undefined ? {} : toPolicyColumns(policy)),
    ...(expiresAtMs === undefined ? {} : { expires_at_ms: expiresAtMs }),
  };
  const findStanding = () =>
    database
      .selectFrom("api_keys")
      .selectAll()
      .where("id", "=", id)
      .where("revoked_at_ms", "is", null)
      .executeTakeFirst();
  if (Object.keys(change).length === 0) {
    const row = await findStanding();
    return row === undefined ? undefined : toKey(row);
  }
  const standing = database
    .updateTable("api_keys")
    .set(change)
    .where("id", "=", id)
    .where("revoked_at_ms", "is", null);
  const query =
    name === undefined
      ? standing
      : standing.where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("api_keys as other")
                .select("other.id")
                .where("other.name", "=", name)
                .where("other.revoked_at_ms", "is", null)
                .where("other.id", "!=", id),
            ),
          ),
        );
  const row = await query.returningAll().executeTakeFirst();
  if (row !== undefined) return toKey(row);
  if (name !== undefined && (await findStanding()) !== undefined) throw nameTaken(name);
  return undefined;
}

function toPolicyColumns({
  audit,
  capturesContent,
}: KeyPolicy): Pick<ApiKeyRow, "audit" | "capture_content"> {
  return { audit: audit ?? null, capture_content: capturesContent ? 1 : 0 };
}

function nameTaken(name: string): PlatformError {
  return new PlatformError("conflict", `There is a key with the name ${name}.`, { field: "name" });
}

function toRow(key: ApiKey, { sha256, prefix }: KeySecret): ApiKeyRow {
  return {
    id: key.id,
    name: key.name,
    owner_id: key.ownerId,
    scopes: toPermissionText(key.scopes),
    prefix,
    sha256,
    previous_sha256: null,
    previous_expires_at_ms: key.previousExpiresAtMs,
    ...toLimitColumns(key.limits),
    ...toPolicyColumns(key.policy),
    created_at_ms: key.createdAtMs,
    created_by: key.createdBy,
    expires_at_ms: key.expiresAtMs,
    last_used_at_ms: key.lastUsedAtMs,
    revoked_at_ms: key.revokedAtMs,
  };
}

function toKey(row: Selectable<ApiKeyRow>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    ownerId: row.owner_id,
    scopes: fromPermissionText(row.scopes),
    prefix: row.prefix,
    limits: fromLimitColumns(row),
    policy: {
      audit: auditPolicies.find((policy) => policy === row.audit),
      capturesContent: row.capture_content === 1,
    },
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    expiresAtMs: row.expires_at_ms,
    previousExpiresAtMs: row.previous_expires_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}

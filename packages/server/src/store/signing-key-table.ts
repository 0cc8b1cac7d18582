import type { Kysely } from "kysely";
import { guardStorageLater } from "./storage-error.ts";
import type { SigningKeyRow, Tables } from "./tables.ts";

/** The public half of a key that access tokens are signed with. */
export interface SigningKey {
  readonly id: string;
  /** JSON. */
  readonly publicJwk: string;
  readonly createdAtMs: number;
  /** From when on nothing is signed with it; null for the one in use. */
  readonly retiredAtMs: number | null;
}

/** Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface SigningKeyTable {
  /** The newest first. */
  list(): Promise<readonly SigningKey[]>;
  insert(key: SigningKey): Promise<void>;
  /** Retires every key but one. */
  retireOthers(id: string, nowMs: number): Promise<void>;
  /** Deletes those that were retired until then. */
  deleteRetired(untilMs: number): Promise<void>;
}

export function createSigningKeyTable(database: Kysely<Tables>): SigningKeyTable {
  return {
    list: () =>
      guardStorageLater(async () => {
        const rows = await database
          .selectFrom("signing_keys")
          .selectAll()
          .orderBy("created_at_ms", "desc")
          .execute();
        return rows.map(toKey);
      }),
    insert: (key) =>
      guardStorageLater(async () => {
        await database.insertInto("signing_keys").values(toRow(key)).execute();
      }),
    retireOthers: (id, nowMs) =>
      guardStorageLater(async () => {
        await database
          .updateTable("signing_keys")
          .set({ retired_at_ms: nowMs })
          .where("id", "!=", id)
          .where("retired_at_ms", "is", null)
          .execute();
      }),
    deleteRetired: (untilMs) =>
      guardStorageLater(async () => {
        await database.deleteFrom("signing_keys").where("retired_at_ms", "<=", untilMs).execute();
      }),
  };
}

function toRow({ id, publicJwk, createdAtMs, retiredAtMs }: SigningKey): SigningKeyRow {
  return { id, public_jwk: publicJwk, created_at_ms: createdAtMs, retired_at_ms: retiredAtMs };
}

function toKey(row: SigningKeyRow): SigningKey {
  return {
    id: row.id,
    publicJwk: row.public_jwk,
    createdAtMs: row.created_at_ms,
    retiredAtMs: row.retired_at_ms,
  };
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { holdDataDirectory } from "./data-directory.ts";
import { migrations, schemaFloor } from "./migrations.ts";
import { toReadAddress } from "./read-address.ts";
import { readSchemaState, type SchemaState } from "./schema-state.ts";
import { createSqliteDialect } from "./sqlite-dialect.ts";
import { toStorageError } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

export interface MigrateParts {
  readonly raw: DatabaseSync;
  readonly database: Kysely<Tables>;
  /** Default: all that this version knows. */
  readonly known?: Readonly<Record<string, Migration>>;
}

/**
 * Brings the schema up to date, all of it or nothing: a migration that is killed half-way leaves no trace, and of two
 * servers that start at once the second waits for the first. One that a newer version only added to stays as it is.
 * @returns how it was before
 * @throws PlatformError `conflict` when this version cannot work on what a newer one wrote, and whatever the database throws
 */
export async function migrate({ raw, database, known = migrations }: MigrateParts): Promise<SchemaState> {
  raw.exec("BEGIN IMMEDIATE");
  try {
    const state = readState(raw, known);
    // SQLite's schema changes take part in the transaction that is open already; Kysely opens none of its own for it.
    if (state.pending.length > 0) await applyMigrations(database, known);
    raw.exec("COMMIT");
    return state;
  } catch (error) {
    if (raw.isTransaction) raw.exec("ROLLBACK");
    throw error;
  }
}

/** Makes every change that is known and was not made, within the transaction that is open. Throws what a change throws. */
export async function applyMigrations(
  database: Kysely<Tables>,
  known: Readonly<Record<string, Migration>>,
): Promise<void> {
  const provider = { getMigrations: async () => ({ ...known }) };
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest();
  if (error !== undefined) throw error;
  if (!Object.hasOwn(known, schemaFloor)) return;
  await database.deleteFrom("schema_floor").execute();
  await database.insertInto("schema_floor").values({ change: schemaFloor }).execute();
}

/**
 * Brings the database in a data folder up to date, as a start of the server would.
 * @returns how it was before
 * @throws PlatformError `conflict` also when a server uses the folder, `unavailable`
 */
export async function migrateDataDirectory(directory: string): Promise<SchemaState> {
  const lock = holdDataDirectory(directory);
  try {
    const raw = new DatabaseSync(join(directory, "platform.db"));
    try {
      raw.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
      return await migrate({ raw, database: kyselyOn(raw) });
    } finally {
      raw.close();
    }
  } catch (error) {
    throw toStorageError(error);
  } finally {
    lock.release();
  }
}

/** Looks at the database in a data folder without changing it. Throws PlatformError `conflict` and `unavailable`. */
export function inspectDataDirectory(directory: string): SchemaState {
  const path = join(directory, "platform.db");
  if (!existsSync(path)) return { pending: Object.keys(migrations), newer: [] };
  try {
    const raw = new DatabaseSync(toReadAddress(path), { readOnly: true, timeout: 5_000 });
    try {
      return readState(raw, migrations);
    } finally {
      raw.close();
    }
  } catch (error) {
    throw toStorageError(error);
  }
}

function kyselyOn(raw: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: createSqliteDialect(raw) });
}

function readState(raw: DatabaseSync, known: Readonly<Record<string, Migration>>): SchemaState {
  const read = (table: string, column: string) =>
    raw.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) === undefined
      ? []
      : raw
          .prepare(`SELECT ${column} AS name FROM ${table}`)
          .all()
          .map((row) => String(row["name"]));
  const [floor] = read("schema_floor", "change");
  return readSchemaState({ applied: read("kysely_migration", "name"), floor, known: Object.keys(known) });
}

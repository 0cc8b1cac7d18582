import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { PlatformError } from "@llm-platform/kit";
import { migrations } from "../migrations.ts";
import { newerChanges } from "../schema-state.ts";
import { databaseName } from "./contents.ts";
import { type DatabaseFacts, readFacts } from "./database-facts.ts";
import type { Manifest } from "./manifest.ts";

/** Throws PlatformError `conflict` when the database has changes that this version does not know. */
export function refuseNewerBackup(manifest: Manifest): void {
  const unknown = newerChanges(manifest.migrations, Object.keys(migrations));
  if (unknown.length === 0) return;
  throw new PlatformError(
    "conflict",
    `The backup was made by a newer version of llm-platform (${manifest.version}; its database has the change ${unknown.join(", ")}). Restore it with that version, or a newer one.`,
  );
}

/**
 * Opens a database that came out of a backup, has SQLite look at every page and index, and counts its rows again.
 * Blocks for about a second for each 200 MB.
 * @throws PlatformError `invalid_request`
 */
export function checkDatabase(path: string, manifest: Manifest): void {
  const facts = readSound(path);
  const told: DatabaseFacts = {
    tables: manifest.tables,
    migrations: manifest.migrations,
    masterKeyIds: manifest.master_key_ids,
  };
  for (const [table, rows] of Object.entries(told.tables)) {
    const found = facts.tables[table];
    if (found === undefined) throw unsound(`the table ${table} is missing`);
    if (found !== rows) throw unsound(`the table ${table} has ${found} rows, the manifest says ${rows}`);
  }
  for (const table of Object.keys(facts.tables))
    if (!Object.hasOwn(told.tables, table)) throw unsound(`the table ${table} is not in the manifest`);
  if (!isDeepStrictEqual(facts.migrations, told.migrations))
    throw unsound("its schema is not the one that the manifest says");
  if (!isDeepStrictEqual(facts.masterKeyIds, told.masterKeyIds))
    throw unsound("its secrets are not sealed under the keys that the manifest says");
}

function readSound(path: string): DatabaseFacts {
  let raw: DatabaseSync | undefined;
  try {
    raw = new DatabaseSync(path, { readOnly: true });
    const result = raw.prepare("PRAGMA integrity_check(1)").get()?.["integrity_check"];
    if (result !== "ok") throw unsound(`SQLite finds: ${String(result)}`);
    return readFacts(raw);
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    throw unsound(`SQLite says: ${error instanceof Error ? error.message : String(error)}`, error);
  } finally {
    raw?.close();
  }
}

function unsound(why: string, cause?: unknown): PlatformError {
  return new PlatformError("invalid_request", `The backup is damaged at ${databaseName}: ${why}.`, {
    field: databaseName,
    cause,
  });
}

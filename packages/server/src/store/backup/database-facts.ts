import type { DatabaseSync } from "node:sqlite";
import { keyIdOf } from "../envelope.ts";

/** What is counted in a database when it is saved, and again before it takes its place. */
export interface DatabaseFacts {
  /** Rows by table, SQLite's own left out. */
  readonly tables: Readonly<Record<string, number>>;
  /** Changes of the schema that were applied, in their order. */
  readonly migrations: readonly string[];
  /** Under which master keys its secrets are sealed. */
  readonly masterKeyIds: readonly string[];
}

/** Throws what SQLite throws. */
export function readFacts(raw: DatabaseSync): DatabaseFacts {
  const names = raw
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    .all()
    .map((row) => String(row["name"]))
    .sort();
  const column = (table: string, sql: string) =>
    names.includes(table)
      ? raw
          .prepare(sql)
          .all()
          .map((row) => String(row["value"]))
      : [];
  const envelopes = column("secrets", "SELECT envelope AS value FROM secrets");
  return {
    tables: Object.fromEntries(names.map((name) => [name, countRows(raw, name)])),
    migrations: column("kysely_migration", "SELECT name AS value FROM kysely_migration ORDER BY name"),
    masterKeyIds: [...new Set(envelopes.flatMap((envelope) => keyIdOf(envelope) ?? []))].sort(),
  };
}

function countRows(raw: DatabaseSync, table: string): number {
  // A table's name cannot be bound; quoted like this it is nothing but a name.
  const row = raw.prepare(`SELECT count(*) AS rows FROM "${table.replaceAll('"', '""')}"`).get();
  return Number(row?.["rows"]);
}

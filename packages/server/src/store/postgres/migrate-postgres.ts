import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import type { Migration } from "kysely/migration";
import { PlatformError } from "@llm-platform/kit";
import { Pool } from "pg";
import { applyMigrations } from "../migrate.ts";
import { readSchemaState, type SchemaState } from "../schema-state.ts";
import type { Tables } from "../tables.ts";
import { toClientOptions } from "./client-options.ts";
import { lockFor } from "./locks.ts";
import { toPostgresError } from "./postgres-error.ts";
import { postgresMigrations } from "./schema.ts";
import type { PostgresSettings } from "./settings.ts";

/** Older ones lack what the statements use. */
const oldestServer = 150_000;

/**
 * Brings the schema up to date, all of it or nothing: of replicas that start at once one does it and the others wait, for
 * as long as it takes. One that a newer version only added to stays as it is.
 * @param known default: all that this version knows
 * @returns how it was before
 * @throws PlatformError `conflict` when this version cannot work on what a newer one wrote, `config_invalid` when the server
 * is too old or the database is not in UTF-8, `unavailable`
 */
export function migratePostgres(
  settings: PostgresSettings,
  known: Readonly<Record<string, Migration>> = postgresMigrations,
): Promise<SchemaState> {
  return onConnection(settings, async (database) => {
    await requireServer(database);
    return database.transaction().execute((transaction) => migrateIn(transaction, known));
  });
}

/** Looks at the schema without changing it. Throws PlatformError `conflict` and `unavailable`. */
export function inspectPostgres(settings: PostgresSettings): Promise<SchemaState> {
  return onConnection(settings, (database) => readState(database, postgresMigrations));
}

async function onConnection<Result>(
  settings: PostgresSettings,
  work: (database: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  // Without a bound on its statements: a change of a large table takes long.
  const pool = new Pool({ ...toClientOptions(settings), max: 1 });
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    return await work(database);
  } catch (error) {
    throw toPostgresError(error);
  } finally {
    await database.destroy();
  }
}

async function migrateIn(
  transaction: Transaction<Tables>,
  known: Readonly<Record<string, Migration>>,
): Promise<SchemaState> {
  await lockFor("schema").execute(transaction);
  const state = await readState(transaction, known);
  if (state.pending.length === 0) return state;
  let failure: unknown;
  /** After a failure every statement is refused, also Kysely's own last one: only the first error says why. */
  const noting = ({ up }: Migration): Migration => ({
    up: (database) =>
      up(database).catch((error: unknown) => {
        failure ??= error;
        throw error;
      }),
  });
  const noted = Object.fromEntries(
    Object.entries(known).map(([name, migration]) => [name, noting(migration)]),
  );
  await applyMigrations(transaction, noted).catch((error: unknown) => {
    throw failure ?? error;
  });
  return state;
}

async function readState(
  database: Kysely<Tables>,
  known: Readonly<Record<string, Migration>>,
): Promise<SchemaState> {
  const applied = await readApplied(database);
  const floors = (await hasTable(database, "schema_floor"))
    ? await database.selectFrom("schema_floor").select("change").execute()
    : [];
  return readSchemaState({ applied, floor: floors[0]?.change, known: Object.keys(known) });
}

/** Names of the changes that were made; none in a new database. */
export async function readApplied(database: Kysely<Tables>): Promise<readonly string[]> {
  if (!(await hasTable(database, "kysely_migration"))) return [];
  const { rows } = await sql<{ readonly name: string }>`SELECT name FROM kysely_migration`.execute(database);
  return rows.map(({ name }) => name);
}

async function hasTable(database: Kysely<Tables>, name: string): Promise<boolean> {
  const { rows } = await sql<{
    readonly found: boolean;
  }>`SELECT to_regclass(${name}) IS NOT NULL AS found`.execute(database);
  return rows[0]?.found === true;
}

async function requireServer(database: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ readonly version: string; readonly encoding: string }>`
    SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding
    `.execute(database);
  const [server] = rows;
  if (Number(server?.version) < oldestServer) throw unfit("PostgreSQL is older than 15. Update it.");
  if (server?.encoding !== "UTF8")
    throw unfit(`The database is in ${server?.encoding}. Make one with createdb --encoding=UTF8.`);
}

function unfit(message: string): PlatformError {
  return new PlatformError("config_invalid", message, { field: "database.url" });
}

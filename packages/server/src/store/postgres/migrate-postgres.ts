import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { PlatformError } from "@llm-platform/kit";
import { Pool } from "pg";
import { refuseNewerSchema } from "../migrations.ts";
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
 * as long as it takes.
 * @param known default: all that this version knows
 * @throws PlatformError `conflict` when a newer version wrote the database, `config_invalid` when the server is too old or
 * the database is not in UTF-8, `unavailable`
 */
export async function migratePostgres(
  settings: PostgresSettings,
  known: Readonly<Record<string, Migration>> = postgresMigrations,
): Promise<void> {
  // Without a bound on its statements: a change of a large table takes long.
  const pool = new Pool({ ...toClientOptions(settings), max: 1 });
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const database = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await requireServer(database);
    await database.transaction().execute((transaction) => migrateIn(transaction, known));
  } catch (error) {
    throw toPostgresError(error);
  } finally {
    await database.destroy();
  }
}

async function migrateIn(
  transaction: Transaction<Tables>,
  known: Readonly<Record<string, Migration>>,
): Promise<void> {
  await lockFor("schema").execute(transaction);
  refuseNewerSchema(await readApplied(transaction), known);
  let failure: unknown;
  /** After a failure every statement is refused, also Kysely's own last one: only the first error says why. */
  const noting = ({ up }: Migration): Migration => ({
    up: (database) =>
      up(database).catch((error: unknown) => {
        failure ??= error;
        throw error;
      }),
  });
  const migrator = new Migrator({
    db: transaction,
    provider: {
      getMigrations: async () =>
        Object.fromEntries(Object.entries(known).map(([name, migration]) => [name, noting(migration)])),
    },
    // They do not build on each other's tables, so that one with a lower number may still come to a database later.
    allowUnorderedMigrations: true,
  });
  const { error } = await migrator.migrateToLatest().catch((thrown: unknown) => ({ error: thrown }));
  if (error !== undefined) throw failure ?? error;
}

/** Names of the changes that were made; none in a new database. */
export async function readApplied(database: Kysely<Tables>): Promise<readonly string[]> {
  const { rows: tables } = await sql<{ readonly found: boolean }>`
    SELECT to_regclass('kysely_migration') IS NOT NULL AS found`.execute(database);
  if (tables[0]?.found !== true) return [];
  const { rows } = await sql<{ readonly name: string }>`SELECT name FROM kysely_migration`.execute(database);
  return rows.map(({ name }) => name);
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

import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { createKeyValues, migrations } from "../migrations.ts";
import { addRequestLog } from "../request-log/request-log-migration.ts";
import { createRollupTables } from "../rollup-migration.ts";

/** The oldest schema. Ids are given by the database; attempts stand in partitions by their start. */
const first: Migration = {
  async up(database) {
    await sql`
      CREATE TABLE events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        time text NOT NULL,
        integration text NOT NULL,
        type text NOT NULL,
        data text NOT NULL
      )`.execute(database);
    await createKeyValues(database);
    await createUsageLedger(database);
  },
};

const rollups: Migration = {
  async up(database) {
    await sql`
      CREATE TABLE usage_kinds (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        principal text NOT NULL,
        integration text NOT NULL,
        provider text NOT NULL,
        upstream_model text NOT NULL,
        operation text NOT NULL,
        currency text NOT NULL,
        UNIQUE (principal, integration, provider, upstream_model, operation, currency)
      )`.execute(database);
    await createRollupTables(database);
  },
};

/** Ids of requests are compared byte by byte, as those of attempts are. */
const requestLog: Migration = {
  up: (database) => addRequestLog(database, sql`text COLLATE "C"`),
};

/** The same changes as SQLite's, by the same names: a few are made in another way. */
export const postgresMigrations: Readonly<Record<string, Migration>> = {
  ...migrations,
  "0001_first": first,
  "0006_rollups": rollups,
  "0022_request_log": requestLog,
};

/**
 * One index serves ranges of time, and, as few attempts begin at the same millisecond, pages too; the other serves seals,
 * which go by the ids. Ids of attempts are compared byte by byte, whatever the collation of the database is.
 */
async function createUsageLedger(database: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE usage_ledger (
      id bigint GENERATED ALWAYS AS IDENTITY,
      attempt_id text COLLATE "C" NOT NULL,
      started_at_ms bigint NOT NULL,
      principal text NOT NULL,
      operation text NOT NULL,
      requested_model text NOT NULL,
      integration text NOT NULL,
      provider text NOT NULL,
      upstream_model text NOT NULL,
      stream integer NOT NULL,
      duration_ms bigint NOT NULL,
      first_byte_ms bigint,
      outcome text NOT NULL,
      http_status integer,
      error_code text,
      input_tokens bigint,
      output_tokens bigint,
      cache_read_tokens bigint,
      cache_write_tokens bigint,
      reasoning_tokens bigint,
      usage_source text NOT NULL,
      cost_micros bigint,
      currency text
    ) PARTITION BY RANGE (started_at_ms)`.execute(database);
  await sql`CREATE UNIQUE INDEX usage_ledger_attempt ON usage_ledger (started_at_ms, attempt_id)`.execute(
    database,
  );
  await sql`CREATE INDEX usage_ledger_id ON usage_ledger (id)`.execute(database);
}

import type { Kysely, RawBuilder } from "kysely";
import type { Migration } from "kysely/migration";

/** What explains an attempt, where a call is found by its id, and the calls that ended without a reply. */
export const requestLog: Migration = { up: (database) => addRequestLog(database, "text") };

/** @param idType type of a column whose texts are compared byte by byte */
export async function addRequestLog(
  database: Kysely<unknown>,
  idType: "text" | RawBuilder<unknown>,
): Promise<void> {
  const ledger = () => database.schema.alterTable("usage_ledger");
  // Of older rows it is not known which attempt was the last of its call: each stands for a call of its own.
  await ledger()
    .addColumn("ends_call", "integer", (column) => column.notNull().defaultTo(1))
    .execute();
  for (const name of ["before_ms", "stages", "head_us"]) await ledger().addColumn(name, "bigint").execute();
  for (const name of ["notes", "replica"]) await ledger().addColumn(name, "text").execute();
  // Ids begin with their time, so that this index grows at its end.
  await database.schema
    .createIndex("usage_ledger_attempt_id")
    .on("usage_ledger")
    .column("attempt_id")
    .execute();
  await database.schema
    .createTable("refused_calls")
    .addColumn("request_id", idType, (column) => column.primaryKey())
    .addColumn("started_at_ms", "bigint", (column) => column.notNull())
    .addColumn("recorded_at_ms", "bigint", (column) => column.notNull())
    .addColumn("duration_ms", "bigint", (column) => column.notNull())
    .addColumn("principal", "text", (column) => column.notNull())
    .addColumn("operation", "text", (column) => column.notNull())
    .addColumn("requested_model", "text", (column) => column.notNull())
    .addColumn("stream", "integer", (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addColumn("http_status", "integer", (column) => column.notNull())
    .addColumn("error_code", "text", (column) => column.notNull())
    .addColumn("message", "text", (column) => column.notNull())
    .addColumn("stages", "bigint")
    .addColumn("notes", "text")
    .addColumn("replica", "text")
    .execute();
  await database.schema
    .createIndex("refused_calls_start")
    .on("refused_calls")
    .columns(["started_at_ms", "request_id"])
    .execute();
  await database.schema
    .createIndex("refused_calls_recorded")
    .on("refused_calls")
    .column("recorded_at_ms")
    .execute();
}

import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Chains of the audit log, one for each server; what is there belongs to the one without a name. */
export const auditChains: Migration = {
  async up(database) {
    await replaceLog(database);
    await replaceNotes(database);
  },
};

/** SQLite cannot change a primary key: the rows move into a new table. */
async function replaceLog(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("audit_records")
    .addColumn("chain", "text", (column) => column.notNull())
    .addColumn("sequence", "bigint", (column) => column.notNull())
    .addColumn("time_ms", "bigint", (column) => column.notNull())
    .addColumn("actor_id", "text", (column) => column.notNull())
    .addColumn("actor_name", "text", (column) => column.notNull())
    .addColumn("operation", "text", (column) => column.notNull())
    .addColumn("target_id", "text")
    .addColumn("target_name", "text")
    .addColumn("line", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("audit_records_primary", ["chain", "sequence"])
    .execute();
  const columns = sql.raw("sequence, time_ms, actor_id, actor_name, operation, target_id, target_name, line");
  await sql`INSERT INTO audit_records (chain, ${columns}) SELECT '', ${columns} FROM audit_log`.execute(
    database,
  );
  await database.schema.dropTable("audit_log").execute();
  await database.schema.alterTable("audit_records").renameTo("audit_log").execute();
}

async function replaceNotes(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("audit_chain_notes")
    .addColumn("chain", "text", (column) => column.notNull())
    .addColumn("sink", "text", (column) => column.notNull())
    .addColumn("sequence", "bigint", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("audit_chain_notes_primary", ["chain", "sink"])
    .execute();
  await sql`INSERT INTO audit_chain_notes (chain, sink, sequence, hash)
    SELECT '', sink, sequence, hash FROM audit_notes`.execute(database);
  await database.schema.dropTable("audit_notes").execute();
  await database.schema.alterTable("audit_chain_notes").renameTo("audit_notes").execute();
}

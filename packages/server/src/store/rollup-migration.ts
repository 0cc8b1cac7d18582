import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { rollupSums } from "./rollup-columns.ts";

/** Sums of the usage ledger by minute, hour and day. They are filled from it by the roller. */
export const rollups: Migration = {
  async up(database) {
    await database.schema
      .createTable("usage_kinds")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("principal", "text", (column) => column.notNull())
      .addColumn("integration", "text", (column) => column.notNull())
      .addColumn("provider", "text", (column) => column.notNull())
      .addColumn("upstream_model", "text", (column) => column.notNull())
      .addColumn("operation", "text", (column) => column.notNull())
      // Empty for none: a null is different from every other in a unique constraint.
      .addColumn("currency", "text", (column) => column.notNull())
      .addUniqueConstraint("usage_kinds_unique", [
        "principal",
        "integration",
        "provider",
        "upstream_model",
        "operation",
        "currency",
      ])
      .execute();
    await createRollupTables(database);
  },
};

/** The sums themselves, and how far they are. */
export async function createRollupTables(database: Kysely<unknown>): Promise<void> {
  // One table for all resolutions: the same statements write, read and prune each of them, and as the resolution
  // comes first in the key, the rows of one stand together.
  let sums = database.schema
    .createTable("usage_rollups")
    .addColumn("resolution", "text", (column) => column.notNull())
    .addColumn("by_principal", "integer", (column) => column.notNull())
    .addColumn("bucket_ms", "bigint", (column) => column.notNull())
    .addColumn("kind_id", "integer", (column) => column.notNull());
  for (const { column } of rollupSums)
    sums = sums.addColumn(column, "bigint", (definition) => definition.notNull());
  await sums
    .addColumn("durations", "text", (column) => column.notNull())
    .addColumn("first_bytes", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("usage_rollups_primary", ["resolution", "by_principal", "bucket_ms", "kind_id"])
    .execute();
  await database.schema
    .createTable("usage_progress")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("value", "bigint", (column) => column.notNull())
    .execute();
}

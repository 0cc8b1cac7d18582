import { type Kysely, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { rollupGrains, rollupSums } from "./rollup-columns.ts";
import type { Tables } from "./tables.ts";

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

/** Start of the eight days of a bucket. Written out: with a parameter it would be another expression each time. */
const eightDays = sql.raw("(bucket_ms - bucket_ms % 691200000)");

/**
 * Sums by eight days, and of principals alone, for a database that has the others. The texts of several histograms with
 * spaces between are the histogram of all. On a database without rows it does nothing, and the roller fills all alike.
 */
export const coarseRollups: Migration = {
  async up(database: Kysely<Tables>) {
    const columns = rollupSums.map(({ column }) => column);
    const place = ["resolution", "by_principal", "bucket_ms", "kind_id"] as const;
    const all = [...place, ...columns, "durations", "first_bytes"] as const;
    await database
      .insertInto("usage_kinds")
      .columns(["principal", "integration", "provider", "upstream_model", "operation", "currency"])
      .expression(({ selectFrom, val }) =>
        selectFrom("usage_kinds")
          .where("principal", "!=", "")
          .select([
            "principal",
            val("").as("a"),
            val("").as("b"),
            val("").as("c"),
            val("").as("d"),
            "currency",
          ])
          .groupBy(["principal", "currency"]),
      )
      .execute();
    const summed = sql.join(columns.map((column) => sql`sum(${sql.ref(`usage_rollups.${column}`)})`));
    const histograms = sql`string_agg(usage_rollups.durations, ' '), string_agg(usage_rollups.first_bytes, ' ')`;
    const target = sql.join(all.map((column) => sql.ref(column)));
    await sql`
      INSERT INTO usage_rollups (${target})
      SELECT resolution, ${rollupGrains.principals}, bucket_ms, alone.id, ${summed}, ${histograms}
      FROM usage_rollups
      JOIN usage_kinds AS kind ON kind.id = usage_rollups.kind_id
      JOIN usage_kinds AS alone ON alone.principal = kind.principal AND alone.currency = kind.currency
        AND alone.integration = '' AND alone.provider = '' AND alone.upstream_model = '' AND alone.operation = ''
      WHERE by_principal = ${rollupGrains.everything} AND resolution IN ('hour', 'day')
      GROUP BY resolution, bucket_ms, alone.id`.execute(database);
    await sql`
      INSERT INTO usage_rollups (${target})
      SELECT 'eight_days', by_principal, ${eightDays}, kind_id, ${summed}, ${histograms}
      FROM usage_rollups
      WHERE resolution = 'day'
      GROUP BY by_principal, ${eightDays}, kind_id`.execute(database);
  },
};

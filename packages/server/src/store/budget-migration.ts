import type { Migration } from "kysely/migration";

/** Budgets, and what is spent of each in each of its periods. */
export const budgets: Migration = {
  async up(database) {
    await database.schema
      .createTable("budgets")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull().unique())
      .addColumn("scope", "text", (column) => column.notNull())
      .addColumn("subject", "text", (column) => column.notNull())
      .addColumn("period", "text", (column) => column.notNull())
      .addColumn("amount_micros", "bigint", (column) => column.notNull())
      .addColumn("currency", "text", (column) => column.notNull())
      .addColumn("warn_at_percents", "text", (column) => column.notNull())
      .addColumn("action", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await database.schema
      .createTable("budget_spend")
      .addColumn("budget_id", "text", (column) => column.notNull())
      .addColumn("period_start_ms", "bigint", (column) => column.notNull())
      .addColumn("spent_micros", "bigint", (column) => column.notNull())
      .addColumn("assumed_micros", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("budget_spend_primary", ["budget_id", "period_start_ms"])
      .execute();
  },
};

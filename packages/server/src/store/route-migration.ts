import type { Migration } from "kysely/migration";

/** Names that operators make: aliases, and routes with targets. */
export const routes: Migration = {
  async up(database) {
    await database.schema
      .createTable("routes")
      .addColumn("model", "text", (column) => column.primaryKey())
      .addColumn("alias_of", "text")
      .addColumn("targets", "text", (column) => column.notNull())
      .addColumn("fallbacks", "text", (column) => column.notNull())
      .addColumn("version", "text", (column) => column.notNull())
      .addColumn("changed_at_ms", "bigint", (column) => column.notNull())
      .addColumn("changed_by", "text", (column) => column.notNull())
      .execute();
  },
};

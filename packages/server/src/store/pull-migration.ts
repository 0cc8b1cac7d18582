import type { Migration } from "kysely/migration";

/** Pulls of models: what, from where, how far, by whom. */
export const pulls: Migration = {
  async up(database) {
    await database.schema
      .createTable("pulls")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("replica", "text", (column) => column.notNull())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("source", "text", (column) => column.notNull())
      .addColumn("request", "text", (column) => column.notNull())
      .addColumn("phase", "text", (column) => column.notNull())
      .addColumn("detail", "text")
      .addColumn("error_code", "text")
      .addColumn("error_message", "text")
      .addColumn("revision", "text")
      .addColumn("license", "text")
      .addColumn("files", "text", (column) => column.notNull())
      .addColumn("models", "text", (column) => column.notNull())
      .addColumn("completed_bytes", "bigint", (column) => column.notNull())
      .addColumn("total_bytes", "bigint")
      .addColumn("created_by", "text", (column) => column.notNull())
      .addColumn("created_by_name", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("updated_at_ms", "bigint", (column) => column.notNull())
      .addColumn("finished_at_ms", "bigint")
      .execute();
    await database.schema.createIndex("pulls_created").on("pulls").column("created_at_ms").execute();
  },
};

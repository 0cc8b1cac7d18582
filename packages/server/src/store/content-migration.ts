import type { Migration } from "kysely/migration";

/** What holds for the calls of a key, and what is kept of calls whose content is kept, sealed. */
export const content: Migration = {
  async up(database) {
    await database.schema.alterTable("api_keys").addColumn("audit", "text").execute();
    await database.schema
      .alterTable("api_keys")
      .addColumn("capture_content", "integer", (column) => column.notNull().defaultTo(0))
      .execute();
    await database.schema
      .createTable("call_content")
      .addColumn("request_id", "text", (column) => column.primaryKey())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("envelope", "text", (column) => column.notNull())
      .execute();
    await database.schema
      .createIndex("call_content_created")
      .on("call_content")
      .column("created_at_ms")
      .execute();
  },
};

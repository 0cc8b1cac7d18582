import type { Migration } from "kysely/migration";

/** Responses of `/v1/responses` that callers may come back to, sealed, each with the one before it. */
export const responses: Migration = {
  async up(database) {
    await database.schema
      .createTable("responses")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("owner", "text", (column) => column.notNull())
      .addColumn("previous_id", "text")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("characters", "bigint", (column) => column.notNull())
      .addColumn("envelope", "text", (column) => column.notNull())
      .execute();
    await database.schema.createIndex("responses_created").on("responses").column("created_at_ms").execute();
  },
};

import type { Migration } from "kysely/migration";

/** Teams, and whose member a user is. */
export const teams: Migration = {
  async up(database) {
    await database.schema
      .createTable("teams")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull().unique())
      .addColumn("requests_per_minute", "integer")
      .addColumn("tokens_per_minute", "integer")
      .addColumn("max_concurrent", "integer")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await database.schema.alterTable("users").addColumn("team_id", "text").execute();
  },
};

/** Roles beside those that every platform has. */
export const roles: Migration = {
  async up(database) {
    await database.schema
      .createTable("roles")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("description", "text", (column) => column.notNull())
      .addColumn("permissions", "text", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
  },
};

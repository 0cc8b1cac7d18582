import type { Migration } from "kysely/migration";

/** Which price a record's cost was reckoned with. Records from before have none. */
export const priceVersions: Migration = {
  async up(database) {
    await database.schema.alterTable("usage_ledger").addColumn("price_version", "text").execute();
  },
};

/** The prices that operators set, each from a time on. */
export const operatorPrices: Migration = {
  async up(database) {
    await database.schema
      .createTable("prices")
      // Empty for all: a null is different from every other in a key.
      .addColumn("integration", "text", (column) => column.notNull())
      .addColumn("provider", "text", (column) => column.notNull())
      .addColumn("model", "text", (column) => column.notNull())
      .addColumn("effective_from_ms", "bigint", (column) => column.notNull())
      .addColumn("terms", "text")
      .addColumn("changed_at_ms", "bigint", (column) => column.notNull())
      .addColumn("changed_by", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("prices_primary", ["integration", "provider", "model", "effective_from_ms"])
      .execute();
  },
};

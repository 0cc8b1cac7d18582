import type { Migration } from "kysely/migration";

/** Which price a record's cost was reckoned with. Records from before have none. */
export const priceVersions: Migration = {
  async up(database) {
    await database.schema.alterTable("usage_ledger").addColumn("price_version", "text").execute();
  },
};

import { sql } from "kysely";
import type { Migration } from "kysely/migration";

/** Finds the seals of the ledger among the records of the audit log, and the other records past them. */
export const auditOperations: Migration = {
  async up(database) {
    await database.schema
      .createIndex("audit_log_operation")
      .on("audit_log")
      .columns(["operation", "chain", "sequence"])
      .execute();
    await database.schema
      .createIndex("audit_log_acts")
      .on("audit_log")
      .columns(["time_ms", "chain", "sequence"])
      .where(sql.ref("operation"), "!=", sql.lit("usage.sealed"))
      .execute();
  },
};

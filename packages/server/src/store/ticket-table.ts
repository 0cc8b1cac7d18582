import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

/** Tickets that were not used yet, by the SHA-256 of their text. Every member rejects with PlatformError `unavailable`. */
export interface TicketTable {
  put(sha256: string, holder: string, expiresAtMs: number): Promise<void>;
  /** Who holds it; of two who ask at once one. */
  take(sha256: string, nowMs: number): Promise<string | undefined>;
}

export const tickets: Migration = {
  async up(database) {
    await database.schema
      .createTable("auth_tickets")
      .addColumn("sha256", "text", (column) => column.primaryKey())
      .addColumn("holder", "text", (column) => column.notNull())
      .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await database.schema
      .createIndex("auth_tickets_expiry")
      .on("auth_tickets")
      .column("expires_at_ms")
      .execute();
  },
};

export function createTicketTable(database: Kysely<Tables>, nowMs: () => number): TicketTable {
  return {
    put: (sha256, holder, expiresAtMs) =>
      guardStorageLater(async () => {
        await database.deleteFrom("auth_tickets").where("expires_at_ms", "<=", nowMs()).execute();
        await database
          .insertInto("auth_tickets")
          .values({ sha256, holder, expires_at_ms: expiresAtMs })
          .execute();
      }),
    take: (sha256, askedAtMs) =>
      guardStorageLater(async () => {
        const row = await database
          .deleteFrom("auth_tickets")
          .where("sha256", "=", sha256)
          .where("expires_at_ms", ">", askedAtMs)
          .returning("holder")
          .executeTakeFirst();
        return row?.holder;
      }),
  };
}

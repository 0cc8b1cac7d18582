import { type Kysely, sql } from "kysely";
import { type EventTable, type EventTableParts, pruneEvery, toEvent } from "../event-table.ts";
import { guardStorageLater } from "../storage-error.ts";
import type { Tables } from "../tables.ts";
import { lockFor } from "./locks.ts";

/** Events of all replicas. They are written one after another, so that none comes up behind a reader's last id. */
export function createPostgresEvents({
  database,
  keep,
  nowMs,
}: Pick<EventTableParts, "keep" | "nowMs"> & { readonly database: Kysely<Tables> }): EventTable {
  let sincePrune = pruneEvery;
  return {
    append: ({ integration, type, data }) =>
      guardStorageLater(async () => {
        const time = new Date(nowMs()).toISOString();
        const isPruning = ++sincePrune >= pruneEvery;
        const id = await database.transaction().execute(async (transaction) => {
          await lockFor("events").execute(transaction);
          const { rows } = await sql<{ readonly id: number }>`
            INSERT INTO events (time, integration, type, data)
            VALUES (${time}, ${integration}, ${type}, ${JSON.stringify(data)}) RETURNING id`.execute(
            transaction,
          );
          if (isPruning)
            await sql`DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ${keep}`.execute(
              transaction,
            );
          return Number(rows[0]?.id);
        });
        if (isPruning) sincePrune = 0;
        return { id, time, integration, type, data };
      }),
    list: ({ afterId, limit, integration }) =>
      guardStorageLater(async () => {
        const all = database.selectFrom("events").selectAll().where("id", ">", afterId);
        const query = integration === undefined ? all : all.where("integration", "=", integration);
        return (await query.orderBy("id").limit(limit).execute()).map((row) => toEvent({ ...row }));
      }),
    bounds: () =>
      guardStorageLater(async () => {
        const { min, max } = database.fn;
        const row = await database
          .selectFrom("events")
          .select([min("id").as("oldest"), max("id").as("newest")])
          .executeTakeFirst();
        return { oldest: Number(row?.oldest ?? 0), newest: Number(row?.newest ?? 0) };
      }),
  };
}

import type { Kysely } from "kysely";
import type { SecretTable } from "../secret-table.ts";
import { guardStorageLater } from "../storage-error.ts";
import type { Tables } from "../tables.ts";
import { lockFor } from "./locks.ts";

/** Secrets in PostgreSQL, which no older version has ever used. */
export function createPostgresSecrets(database: Kysely<Tables>): SecretTable {
  return {
    find: ({ purpose, name }) =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("secrets")
          .select("envelope")
          .where("purpose", "=", purpose)
          .where("name", "=", name)
          .executeTakeFirst();
        return row?.envelope;
      }),
    put: (row) => guardStorageLater(() => put(database, row)),
    remove: ({ purpose, name }) =>
      guardStorageLater(async () => {
        await database
          .deleteFrom("secrets")
          .where("purpose", "=", purpose)
          .where("name", "=", name)
          .execute();
      }),
    list: () =>
      guardStorageLater(() =>
        database.selectFrom("secrets").selectAll().orderBy("purpose").orderBy("name").execute(),
      ),
    replaceAll: (reseal) =>
      guardStorageLater(() =>
        database.transaction().execute(async (transaction) => {
          await lockFor("secrets").execute(transaction);
          const rows = await transaction.selectFrom("secrets").selectAll().forUpdate().execute();
          let replaced = 0;
          for (const row of rows) {
            const envelope = reseal(row);
            if (envelope === undefined) continue;
            await put(transaction, { ...row, envelope });
            replaced++;
          }
          return replaced;
        }),
      ),
    hasPlain: async () => false,
    sealPlain: async () => 0,
    compact: async () => undefined,
  };
}

async function put(database: Kysely<Tables>, row: Tables["secrets"]): Promise<void> {
  const { envelope } = row;
  await database
    .insertInto("secrets")
    .values(row)
    .onConflict((conflict) => conflict.columns(["purpose", "name"]).doUpdateSet({ envelope }))
    .execute();
}

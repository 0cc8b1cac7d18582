import type { Kysely } from "kysely";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

/** Hashes of passwords by user, apart from users so that no list can hold one. */
export interface PasswordTable {
  /** The PHC string; undefined for a user without a password. Rejects with PlatformError `unavailable`, as all do. */
  find(userId: string): Promise<string | undefined>;
  set(userId: string, phc: string, changedAtMs: number): Promise<void>;
  /** Resolves with whether there was one. */
  clear(userId: string): Promise<boolean>;
}

export function createPasswordTable(database: Kysely<Tables>): PasswordTable {
  return {
    find: (userId) =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("passwords")
          .select("phc")
          .where("user_id", "=", userId)
          .executeTakeFirst();
        return row?.phc;
      }),
    set: (userId, phc, changedAtMs) =>
      guardStorageLater(async () => {
        const row = { phc, changed_at_ms: changedAtMs };
        await database
          .insertInto("passwords")
          .values({ user_id: userId, ...row })
          .onConflict((conflict) => conflict.column("user_id").doUpdateSet(row))
          .execute();
      }),
    clear: (userId) =>
      guardStorageLater(async () => {
        const { numDeletedRows } = await database
          .deleteFrom("passwords")
          .where("user_id", "=", userId)
          .executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      }),
  };
}

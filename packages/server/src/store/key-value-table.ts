import { type KeyValues, PlatformError } from "@llm-platform/kit";
import type { Kysely } from "kysely";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

const maxKeyBytes = 256;
const maxValueBytes = 64 * 1024;

/** The key-values of one integration. Rejects with PlatformError `payload_too_large` or `unavailable`. */
export function createKeyValues(database: Kysely<Tables>, integration: string): KeyValues {
  return {
    get: (key) =>
      guardStorageLater(async () => {
        const query = database
          .selectFrom("key_values")
          .select("value")
          .where("integration", "=", integration)
          .where("key", "=", key);
        const row = await query.executeTakeFirst();
        return row === undefined ? undefined : JSON.parse(row.value);
      }),
    set: (key, value) =>
      guardStorageLater(async () => {
        const text = JSON.stringify(value);
        refuseLarge("A key", key, maxKeyBytes);
        refuseLarge(`The value of ${key}`, text, maxValueBytes);
        await database
          .insertInto("key_values")
          .values({ integration, key, value: text })
          .onConflict((conflict) => conflict.columns(["integration", "key"]).doUpdateSet({ value: text }))
          .execute();
      }),
    delete: (key) =>
      guardStorageLater(async () => {
        await database
          .deleteFrom("key_values")
          .where("integration", "=", integration)
          .where("key", "=", key)
          .execute();
      }),
  };
}

/** Takes all key-values of one integration away. Rejects with PlatformError `unavailable`. */
export function dropKeyValues(database: Kysely<Tables>, integration: string): Promise<void> {
  return guardStorageLater(async () => {
    await database.deleteFrom("key_values").where("integration", "=", integration).execute();
  });
}

function refuseLarge(what: string, text: string, maxBytes: number): void {
  if (Buffer.byteLength(text) <= maxBytes) return;
  throw new PlatformError("payload_too_large", `${what} of the key-values has more than ${maxBytes} bytes.`);
}

import type { Kysely } from "kysely";
import type { StoredRoute } from "../core/stored-route.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { RouteRow, Tables } from "./tables.ts";

/** The names that operators have made. Every member rejects with PlatformError `unavailable` when the database does not answer. */
export interface RouteRows {
  list(): Promise<readonly StoredRoute[]>;
  /** Rejects with PlatformError `conflict` when the name is taken. */
  insert(route: StoredRoute): Promise<void>;
  /** Puts `route` in the place of another, of which the name may be a different one. Rejects as `insert`. */
  replace(model: string, route: StoredRoute): Promise<void>;
  delete(model: string): Promise<void>;
}

export function createRouteRows(database: Kysely<Tables>): RouteRows {
  return {
    list: () =>
      guardStorageLater(async () => {
        const rows = await database.selectFrom("routes").selectAll().orderBy("model").execute();
        return rows.map(toStored);
      }),
    insert: (route) =>
      guardStorageLater(async () => {
        await database.insertInto("routes").values(toRow(route)).execute();
      }),
    replace: (model, route) =>
      guardStorageLater(async () => {
        await database.updateTable("routes").set(toRow(route)).where("model", "=", model).execute();
      }),
    delete: (model) =>
      guardStorageLater(async () => {
        await database.deleteFrom("routes").where("model", "=", model).execute();
      }),
  };
}

function toRow(route: StoredRoute): RouteRow {
  return {
    model: route.model,
    alias_of: route.aliasOf ?? null,
    targets: JSON.stringify(route.targets),
    fallbacks: JSON.stringify(route.fallbacks),
    version: route.version,
    changed_at_ms: route.changedAtMs,
    changed_by: route.changedBy,
  };
}

function toStored(row: RouteRow): StoredRoute {
  return {
    model: row.model,
    aliasOf: row.alias_of ?? undefined,
    // Only what is written above stands there.
    targets: JSON.parse(row.targets),
    fallbacks: JSON.parse(row.fallbacks),
    version: row.version,
    changedAtMs: Number(row.changed_at_ms),
    changedBy: row.changed_by,
  };
}

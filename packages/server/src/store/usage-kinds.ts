import type { DatabaseSync } from "node:sqlite";
import type { UsageKind } from "../core/usage-tally.ts";
import { keyOfKind, kindValues } from "./kind-tallies.ts";

/** The kinds that sums are kept of, by their ids in the database. */
export interface UsageKinds {
  /** Takes part in the transaction that is open. */
  idOf(kind: UsageKind): number;
  /** To be called when a transaction was taken back in which kinds may have been made. */
  forget(): void;
}

/** What principals and models are called in the sums once there are too many kinds. */
export const otherName = "(other)";

/** What stands for all in sums that do not tell something apart; no principal and no model has an empty name. */
export const everything = "";

/** How many kinds there may be before new ones are counted as `(other)`. */
export const mostKinds = 20_000;

/** @param most default 20,000 */
export function createUsageKinds(raw: DatabaseSync, most = mostKinds): UsageKinds {
  const ids = new Map<string, number>();
  const find = raw.prepare(
    `SELECT id FROM usage_kinds WHERE principal = ? AND integration = ? AND provider = ? AND upstream_model = ?
     AND operation = ? AND currency = ?`,
  );
  const insert = raw.prepare(
    `INSERT INTO usage_kinds (principal, integration, provider, upstream_model, operation, currency)
     VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
  );
  const count = raw.prepare("SELECT count(*) AS kinds FROM usage_kinds");

  function findOrMake(kind: UsageKind): number {
    const known = find.get(...kindValues(kind))?.["id"];
    if (typeof known === "number") return known;
    if (!isOther(kind) && Number(count.get()?.["kinds"]) >= most) return findOrMake(toOther(kind));
    return Number(insert.get(...kindValues(kind))?.["id"]);
  }

  return {
    idOf(kind) {
      const key = keyOfKind(kind);
      let id = ids.get(key);
      if (id === undefined) {
        id = findOrMake(kind);
        if (ids.size >= most) ids.clear();
        ids.set(key, id);
      }
      return id;
    },
    forget: () => ids.clear(),
  };
}

/** Whether it is one that others are counted as. */
export function isOther({ principal, upstreamModel }: UsageKind): boolean {
  return [principal, upstreamModel].every((name) => name === otherName || name === everything);
}

/** What a kind is counted as when there are too many. */
export function toOther(kind: UsageKind): UsageKind {
  const toName = (name: string) => (name === everything ? everything : otherName);
  return { ...kind, principal: toName(kind.principal), upstreamModel: toName(kind.upstreamModel) };
}

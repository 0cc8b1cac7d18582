import type { DatabaseSync } from "node:sqlite";
import type { UsageKind } from "../core/usage-tally.ts";

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

/** @param most how many kinds there may be before new ones are counted as `(other)`. Default 20,000 */
export function createUsageKinds(raw: DatabaseSync, most = 20_000): UsageKinds {
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
    const known = find.get(...toValues(kind))?.["id"];
    if (typeof known === "number") return known;
    const isOther = [kind.principal, kind.upstreamModel].every(
      (name) => name === otherName || name === everything,
    );
    if (!isOther && Number(count.get()?.["kinds"]) >= most) return findOrMake(toOther(kind));
    return Number(insert.get(...toValues(kind))?.["id"]);
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

function toOther(kind: UsageKind): UsageKind {
  const toName = (name: string) => (name === everything ? everything : otherName);
  return { ...kind, principal: toName(kind.principal), upstreamModel: toName(kind.upstreamModel) };
}

/** One text for each kind. */
export function keyOfKind(kind: UsageKind): string {
  return toValues(kind).join("\n");
}

function toValues({ principal, integration, provider, upstreamModel, operation, currency }: UsageKind) {
  return [principal, integration, provider, upstreamModel, operation, currency ?? ""] as const;
}

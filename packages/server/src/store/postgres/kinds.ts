import { type Kysely, sql, type Transaction } from "kysely";
import type { UsageKind } from "../../core/usage-tally.ts";
import { keyOfKind, kindValues } from "../kind-tallies.ts";
import type { Tables } from "../tables.ts";
import { isOther, mostKinds, toOther } from "../usage-kinds.ts";

/** The kinds that sums are kept of, by their ids in the database. */
export interface PostgresKinds {
  /**
   * Ids of kinds, by their keys. Makes those that are new, in the transaction, which has to hold the lock of the ledger.
   */
  find(
    transaction: Transaction<Tables>,
    kinds: ReadonlyMap<string, UsageKind>,
  ): Promise<ReadonlyMap<string, number>>;
  /** Remembers what was found, once the transaction is committed. */
  keep(found: ReadonlyMap<string, number>): void;
}

/** @param most how many kinds there may be before new ones are counted as `(other)`. Default 20,000 */
export function createPostgresKinds(most = mostKinds): PostgresKinds {
  const known = new Map<string, number>();

  async function makeMissing(
    transaction: Transaction<Tables>,
    missing: ReadonlyMap<string, UsageKind>,
  ): Promise<ReadonlyMap<string, number>> {
    const found = await selectKinds(transaction, [...missing.values()]);
    const made = [...missing].filter(([key]) => !found.has(key));
    if (made.length === 0) return found;
    const room = most - (await countKinds(transaction));
    const own = made.filter(([, kind], index) => isOther(kind) || index < room).map(([, kind]) => kind);
    const others = made.filter(([, kind], index) => !isOther(kind) && index >= room);
    const ids = new Map([...found, ...(await insertKinds(transaction, own))]);
    if (others.length === 0) return ids;
    const merged = new Map(others.map(([, kind]) => [keyOfKind(toOther(kind)), toOther(kind)]));
    const otherIds = await makeMissing(transaction, merged);
    for (const [key, kind] of others) {
      const id = otherIds.get(keyOfKind(toOther(kind)));
      if (id !== undefined) ids.set(key, id);
    }
    return ids;
  }

  return {
    async find(transaction, kinds) {
      const ids = new Map<string, number>();
      const missing = new Map<string, UsageKind>();
      for (const [key, kind] of kinds) {
        const id = known.get(key);
        if (id === undefined) missing.set(key, kind);
        else ids.set(key, id);
      }
      if (missing.size === 0) return ids;
      return new Map([...ids, ...(await makeMissing(transaction, missing))]);
    },
    keep(found) {
      if (known.size + found.size > most) known.clear();
      for (const [key, id] of found) known.set(key, id);
    },
  };
}

type KindRow = Tables["usage_kinds"];

async function selectKinds(
  transaction: Kysely<Tables>,
  kinds: readonly UsageKind[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<KindRow>`
    SELECT usage_kinds.* FROM usage_kinds JOIN json_to_recordset(${toText(kinds)}::json)
    AS wanted (${sql.raw(columns)}) USING (${sql.raw(names)})`.execute(transaction);
  return toIds(rows);
}

async function insertKinds(
  transaction: Kysely<Tables>,
  kinds: readonly UsageKind[],
): Promise<ReadonlyMap<string, number>> {
  if (kinds.length === 0) return new Map();
  const { rows } = await sql<KindRow>`
    INSERT INTO usage_kinds (${sql.raw(names)})
    SELECT ${sql.raw(names)} FROM json_to_recordset(${toText(kinds)}::json) AS new (${sql.raw(columns)})
    RETURNING *`.execute(transaction);
  return toIds(rows);
}

async function countKinds(transaction: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ readonly count: number }>`SELECT count(*) AS count FROM usage_kinds`.execute(
    transaction,
  );
  return rows[0]?.count ?? 0;
}

const columnNames = [
  "principal",
  "integration",
  "provider",
  "upstream_model",
  "operation",
  "currency",
] as const;
const names = columnNames.join(", ");
const columns = columnNames.map((name) => `${name} text`).join(", ");

function toText(kinds: readonly UsageKind[]): string {
  return JSON.stringify(
    kinds.map((kind) => Object.fromEntries(kindValues(kind).map((value, at) => [columnNames[at], value]))),
  );
}

function toIds(rows: readonly KindRow[]): ReadonlyMap<string, number> {
  return new Map(rows.map((row) => [columnNames.map((name) => row[name]).join("\n"), row.id]));
}

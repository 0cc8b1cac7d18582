import { sql, type Transaction } from "kysely";
import { type UsageKind, UsageTally } from "../../core/usage-tally.ts";
import { type KindTallies, keyOfKind } from "../kind-tallies.ts";
import { rollupSums } from "../rollup-columns.ts";
import type { RollupHorizon } from "../rollup-horizon.ts";
import { type PlacedTally, placeTallies } from "../rollup-places.ts";
import type { Tables } from "../tables.ts";
import { createPostgresKinds } from "./kinds.ts";

/**
 * Adds tallies to the sums of all resolutions, in a transaction that has to hold the lock of the ledger. Resolves with
 * what is to be called once that is committed.
 */
export type PostgresRollupWriter = (
  transaction: Transaction<Tables>,
  tallies: Iterable<KindTallies>,
) => Promise<() => void>;

/** @param mostKinds default 20,000 */
export function createPostgresRollupWriter(
  horizon: Pick<RollupHorizon, "fromMs">,
  mostKinds?: number,
): PostgresRollupWriter {
  const kinds = createPostgresKinds(mostKinds);
  return async (transaction, tallies) => {
    const placed = [...placeTallies(tallies, horizon)];
    const wanted = new Map<string, UsageKind>(placed.map(({ kind }) => [keyOfKind(kind), kind]));
    const ids = await kinds.find(transaction, wanted);
    const sums = mergeAlike(placed, ids);
    if (sums.size > 0) {
      await mergeHistograms(transaction, sums);
      await upsert(transaction, [...sums.values()]);
    }
    return () => kinds.keep(ids);
  };
}

/** What is added to one row. */
interface Sum {
  readonly key: SumKey;
  readonly tally: UsageTally;
}

type SumKey = Pick<Tables["usage_rollups"], "resolution" | "by_principal" | "bucket_ms" | "kind_id">;

/** Kinds that are counted as others share a row. */
function mergeAlike(
  placed: readonly PlacedTally[],
  ids: ReadonlyMap<string, number>,
): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const { resolution, byPrincipal, bucket, kind, tally } of placed) {
    const id = ids.get(keyOfKind(kind));
    if (id === undefined) throw new Error("a kind was neither found nor made");
    const key = { resolution, by_principal: byPrincipal, bucket_ms: bucket, kind_id: id };
    const text = textOf(key);
    const sum = sums.get(text) ?? { key, tally: new UsageTally() };
    sum.tally.merge(tally);
    sums.set(text, sum);
  }
  return sums;
}

function textOf({ resolution, by_principal, bucket_ms, kind_id }: SumKey): string {
  return `${resolution} ${by_principal} ${bucket_ms} ${kind_id}`;
}

/** Histograms are merged here and not in the database, which knows nothing of their form. */
async function mergeHistograms(
  transaction: Transaction<Tables>,
  sums: ReadonlyMap<string, Sum>,
): Promise<void> {
  const keys = JSON.stringify([...sums.values()].map(({ key }) => key));
  const { rows } = await sql<SumKey & { readonly durations: string; readonly first_bytes: string }>`
    SELECT resolution, by_principal, bucket_ms, kind_id, durations, first_bytes FROM usage_rollups
    JOIN json_to_recordset(${keys}::json) AS wanted (${sql.raw(keyTypes)}) USING (${sql.raw(keyNames.join(", "))})
    `.execute(transaction);
  for (const { durations, first_bytes, ...key } of rows) {
    const tally = sums.get(textOf(key))?.tally;
    tally?.durations.mergeText(durations);
    tally?.firstBytes.mergeText(first_bytes);
  }
}

const keyColumns = { resolution: "text", by_principal: "integer", bucket_ms: "bigint", kind_id: "integer" };
const keyNames = Object.keys(keyColumns);
const keyTypes = Object.entries(keyColumns)
  .map(([name, type]) => `${name} ${type}`)
  .join(", ");
const sumNames = rollupSums.map(({ column }) => column);
const names = [...keyNames, ...sumNames, "durations", "first_bytes"].join(", ");
const types = [keyTypes, ...sumNames.map((name) => `${name} bigint`), "durations text", "first_bytes text"];
const additions = sumNames.map((name) => `${name} = usage_rollups.${name} + excluded.${name}`).join(", ");

async function upsert(transaction: Transaction<Tables>, sums: readonly Sum[]): Promise<void> {
  const rows = sums.map(({ key, tally }) => ({
    ...key,
    ...Object.fromEntries(rollupSums.map(({ column, field }) => [column, tally[field]])),
    durations: tally.durations.format(),
    first_bytes: tally.firstBytes.format(),
  }));
  await sql`
    INSERT INTO usage_rollups (${sql.raw(names)})
    SELECT ${sql.raw(names)} FROM json_to_recordset(${JSON.stringify(rows)}::json) AS new (${sql.raw(types.join(", "))})
    ON CONFLICT (${sql.raw(keyNames.join(", "))}) DO UPDATE SET ${sql.raw(additions)},
    durations = excluded.durations, first_bytes = excluded.first_bytes`.execute(transaction);
}

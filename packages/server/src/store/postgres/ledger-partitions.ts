import { type Kysely, sql, type Transaction } from "kysely";
import type { Tables } from "../tables.ts";

/** The months, in UTC, that attempts stand in by their start: each is a table of its own. */
export interface LedgerPartition {
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

const namePattern = /^usage_ledger_(\d{4,6})_(\d{2})$/;

/** The month that a wall time lies in. */
export function partitionOf(atMs: number): LedgerPartition {
  const at = new Date(atMs);
  return partitionOfMonth(at.getUTCFullYear(), at.getUTCMonth());
}

function partitionOfMonth(year: number, month: number): LedgerPartition {
  return {
    name: `usage_ledger_${String(year).padStart(4, "0")}_${String(month + 1).padStart(2, "0")}`,
    fromMs: Date.UTC(year, month),
    untilMs: Date.UTC(year, month + 1),
  };
}

/** This month and the next, so that no batch of records has to wait for a new table. */
export function partitionsAhead(nowMs: number): readonly LedgerPartition[] {
  const now = partitionOf(nowMs);
  return [now, partitionOf(now.untilMs)];
}

/** Makes what is missing. Takes part in the transaction, which has to hold the lock of the ledger. */
export async function makePartitions(
  transaction: Transaction<Tables>,
  partitions: Iterable<LedgerPartition>,
): Promise<void> {
  for (const { name, fromMs, untilMs } of partitions)
    await sql`
      CREATE TABLE IF NOT EXISTS ${sql.table(name)} PARTITION OF usage_ledger
      FOR VALUES FROM (${sql.lit(fromMs)}) TO (${sql.lit(untilMs)})`.execute(transaction);
}

/** Those that there are, the oldest first. */
export async function listPartitions(database: Kysely<Tables>): Promise<readonly LedgerPartition[]> {
  const { rows } = await sql<{ readonly name: string }>`
    SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'usage_ledger'::regclass`.execute(database);
  return rows
    .flatMap(({ name }) => {
      const [, year, month] = namePattern.exec(name) ?? [];
      return year === undefined ? [] : [partitionOfMonth(Number(year), Number(month) - 1)];
    })
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** Takes a month away, unless it has a row behind `settledId`. Resolves with whether it did. */
export async function dropPartition(
  transaction: Transaction<Tables>,
  { name }: LedgerPartition,
  settledId: number,
): Promise<boolean> {
  const { rows } = await sql<{ readonly newest: number | null }>`
    SELECT max(id) AS newest FROM ${sql.table(name)}`.execute(transaction);
  const newest = rows[0]?.newest ?? 0;
  if (newest > settledId) return false;
  await sql`DROP TABLE ${sql.table(name)}`.execute(transaction);
  return true;
}

/** How many rows a month has. */
export async function countPartition(database: Kysely<Tables>, { name }: LedgerPartition): Promise<number> {
  const { rows } = await sql<{
    readonly count: number;
  }>`SELECT count(*) AS count FROM ${sql.table(name)}`.execute(database);
  return rows[0]?.count ?? 0;
}

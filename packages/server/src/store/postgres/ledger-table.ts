import { type Kysely, sql } from "kysely";
import { listLedgerPage, type LedgerTable } from "../ledger-table.ts";
import { guardStorageLater } from "../storage-error.ts";
import type { Tables } from "../tables.ts";
import { createLedgerInsert, type LedgerStep } from "./ledger-insert.ts";
import {
  countPartition,
  dropPartition,
  listPartitions,
  makePartitions,
  partitionsAhead,
} from "./ledger-partitions.ts";
import { lockFor } from "./locks.ts";

export interface PostgresLedgerParts {
  /** With time for long statements. */
  readonly database: Kysely<Tables>;
  readonly steps: readonly LedgerStep[];
  /** Wall time. */
  readonly nowMs: () => number;
  /** Which server this is. */
  readonly replica: string;
}

/**
 * Records of one transaction. Measured on two busy cores: 100 of them cost 100 µs each, 500 cost 45 and 1,000 cost 42, and
 * so long the other replicas wait.
 */
const rowsPerTransaction = 500;
const rowsPerDeletion = 5_000;

export interface PostgresLedger {
  readonly table: LedgerTable;
  /** Makes the partition of next month. Rejects with PlatformError `unavailable`. */
  makeAhead(): Promise<void>;
}

/** The ledger in PostgreSQL. Rejects with PlatformError `unavailable`. */
export async function createPostgresLedger({
  database,
  steps,
  nowMs,
  replica,
}: PostgresLedgerParts): Promise<PostgresLedger> {
  const partitions = new Set((await listPartitions(database)).map(({ name }) => name));
  const insert = createLedgerInsert({ database, steps, partitions, replica });

  async function makeAhead(): Promise<void> {
    const missing = partitionsAhead(nowMs()).filter(({ name }) => !partitions.has(name));
    if (missing.length === 0) return;
    await database.transaction().execute(async (transaction) => {
      await lockFor("ledger").execute(transaction);
      await makePartitions(transaction, missing);
    });
    for (const { name } of missing) partitions.add(name);
  }

  await makeAhead();
  const table: LedgerTable = {
    rowsPerTransaction,
    insertMany: (records) => guardStorageLater(() => insert(records)),
    // What is committed is on the disk of the database.
    makeDurable: async () => undefined,
    list: (query) => guardStorageLater(() => listLedgerPage(database, query)),
    hasOlderThan: (untilMs, settledId) =>
      guardStorageLater(async () => {
        const row = await database
          .selectFrom("usage_ledger")
          .select("id")
          .where("started_at_ms", "<", untilMs)
          .where("id", "<=", settledId)
          .limit(1)
          .executeTakeFirst();
        return row !== undefined;
      }),
    async deleteOlderThan(untilMs, settledId) {
      const whole = (await guardStorageLater(() => listPartitions(database))).filter(
        (partition) => partition.untilMs <= untilMs,
      );
      let deleted = 0;
      // One that stays for now is made anew where a record needs it, which changes nothing.
      for (const { name } of whole) partitions.delete(name);
      for (const partition of whole) {
        // Counted before, because inserts wait while it is dropped.
        const rows = await guardStorageLater(() => countPartition(database, partition));
        const isDropped = await guardStorageLater(() =>
          database.transaction().execute(async (transaction) => {
            await lockFor("ledger").execute(transaction);
            return dropPartition(transaction, partition, settledId);
          }),
        );
        if (isDropped) deleted += rows;
      }
      let inPiece = 0;
      do {
        inPiece = await guardStorageLater(() => deletePiece(database, untilMs, settledId));
        deleted += inPiece;
      } while (inPiece === rowsPerDeletion);
      return deleted;
    },
  };
  return { table, makeAhead: () => guardStorageLater(makeAhead) };
}

async function deletePiece(database: Kysely<Tables>, untilMs: number, settledId: number): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM usage_ledger USING (
      SELECT started_at_ms, attempt_id FROM usage_ledger WHERE started_at_ms < ${untilMs} AND id <= ${settledId}
      ORDER BY started_at_ms LIMIT ${sql.lit(rowsPerDeletion)}
    ) AS old
    WHERE usage_ledger.started_at_ms = old.started_at_ms AND usage_ledger.attempt_id = old.attempt_id
      AND usage_ledger.started_at_ms < ${untilMs}`.execute(database);
  return Number(numAffectedRows ?? 0);
}

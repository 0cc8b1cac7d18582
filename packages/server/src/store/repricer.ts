import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { LedgerRecord } from "../core/ledger-record.ts";
import { bucketStart } from "../core/usage-buckets.ts";
import { UsageTally } from "../core/usage-tally.ts";
import type { LedgerCursor } from "./ledger-table.ts";
import { toLedgerRecord, toUsageRow } from "./ledger-row.ts";
import type { KindTallies, RollupWriter } from "./rollup-writer.ts";
import { guardStorage } from "./storage-error.ts";
import { keyOfKind } from "./usage-kinds.ts";

export interface RepriceQuery {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Where the run before stopped. */
  readonly cursor?: LedgerCursor | undefined;
  /** Records that one run looks at. */
  readonly limit: number;
  /** Only tells what would change. */
  readonly isDryRun: boolean;
  /** The record as it is to be; undefined when it stays. Only its cost may differ. */
  change(record: LedgerRecord): LedgerRecord | undefined;
}

export interface RepriceReport {
  readonly examined: number;
  readonly changed: number;
  /** Of these, those that had no cost. */
  readonly pricedAnew: number;
  /** By how much the cost of all changes, by currency. */
  readonly differences: ReadonlyMap<string, number>;
  /** For the next run; null when everything was looked at. */
  readonly nextCursor: LedgerCursor | null;
}

export interface RepricerParts {
  readonly raw: DatabaseSync;
  readonly writer: RollupWriter;
  /** The last row whose cost is in the sums: those after it are not touched. */
  readonly rolledId: () => number;
  /** Told after each transaction how many rows it wrote. */
  onWritten(rows: number): void;
}

/**
 * Changes costs in the ledger and in the sums, a transaction for each hundred records, with room for other work between
 * them. Stopped half-way, it has changed whole transactions, and a run that is repeated changes nothing twice.
 */
export type Repricer = (query: RepriceQuery, signal: AbortSignal) => Promise<RepriceReport>;

const rowsPerTransaction = 100;
/** A changed record is written itself, and in the sums where it was and where it is now. */
const rowsPerChange = 4;

/** What it returns rejects with PlatformError `unavailable`. */
export function createRepricer({ raw, writer, rolledId, onWritten }: RepricerParts): Repricer {
  const select = raw.prepare(
    `SELECT * FROM usage_ledger WHERE started_at_ms >= ? AND started_at_ms < ? AND (started_at_ms > ? OR id > ?)
     AND id <= ? ORDER BY started_at_ms, id LIMIT ?`,
  );
  const update = raw.prepare(
    "UPDATE usage_ledger SET cost_micros = ?, currency = ?, price_version = ? WHERE id = ?",
  );

  function write(changes: readonly Change[]): void {
    raw.exec("BEGIN IMMEDIATE");
    try {
      for (const { id, after } of changes)
        update.run(after.costMicros, after.currency, after.priceVersion, id);
      writer.add(toTallies(changes));
      raw.exec("COMMIT");
    } catch (error) {
      // A full disk makes SQLite roll back by itself.
      if (raw.isTransaction) raw.exec("ROLLBACK");
      writer.forget();
      throw error;
    }
    onWritten(changes.length * rowsPerChange);
  }

  return async ({ fromMs, untilMs, cursor, limit, isDryRun, change }, signal) => {
    const report = { examined: 0, changed: 0, pricedAnew: 0 };
    const differences = new Map<string, number>();
    let place: LedgerCursor = cursor ?? { startedAtMs: fromMs, id: 0 };
    for (;;) {
      const { startedAtMs, id } = place;
      const rows = guardStorage(() =>
        select.all(startedAtMs, untilMs, startedAtMs, id, rolledId(), rowsPerTransaction),
      ).map(toUsageRow);
      const changes = rows.flatMap((row): readonly Change[] => {
        const before = toLedgerRecord(row);
        const after = change(before);
        return after === undefined ? [] : [{ id: row.id, before, after }];
      });
      if (changes.length > 0 && !isDryRun) guardStorage(() => write(changes));
      report.examined += rows.length;
      report.changed += changes.length;
      for (const { before, after } of changes) {
        if (before.costMicros === null) report.pricedAnew++;
        addCost(differences, before, -1);
        addCost(differences, after, 1);
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < rowsPerTransaction)
        return { ...report, differences, nextCursor: null };
      place = { startedAtMs: last.started_at_ms, id: last.id };
      if (report.examined >= limit || signal.aborted) return { ...report, differences, nextCursor: place };
      await nextTurn();
    }
  };
}

interface Change {
  readonly id: number;
  readonly before: LedgerRecord;
  readonly after: LedgerRecord;
}

function addCost(sums: Map<string, number>, { currency, costMicros }: LedgerRecord, times: 1 | -1): void {
  if (currency === null || costMicros === null) return;
  sums.set(currency, (sums.get(currency) ?? 0) + times * costMicros);
}

/** What is to be added to the sums: the records as they were are taken out. */
function toTallies(changes: readonly Change[]): Iterable<KindTallies> {
  const tallies = new Map<string, KindTallies>();
  const add = (record: LedgerRecord, times: 1 | -1) => {
    const key = keyOfKind(record);
    const ofKind = tallies.get(key) ?? { kind: record, byMinute: new Map() };
    tallies.set(key, ofKind);
    const minute = bucketStart("minute", record.startedAtMs);
    const tally = ofKind.byMinute.get(minute) ?? new UsageTally();
    ofKind.byMinute.set(minute, tally);
    tally.add(record, times);
  };
  for (const { before, after } of changes) {
    add(before, -1);
    add(after, 1);
  }
  return tallies.values();
}

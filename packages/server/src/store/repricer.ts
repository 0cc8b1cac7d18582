import { setImmediate as nextTurn } from "node:timers/promises";
import type { Kysely } from "kysely";
import type { LedgerRecord } from "../core/ledger-record.ts";
import { type KindTallies, type TallyChange, toKindTallies } from "./kind-tallies.ts";
import { toLedgerRecord } from "./ledger-row.ts";
import type { LedgerCursor } from "./ledger-table.ts";
import { guardStorageLater } from "./storage-error.ts";
import type { Tables } from "./tables.ts";

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
  readonly database: Kysely<Tables>;
  /** The last row whose cost is in the sums: those after it are not touched. */
  readonly rolledId: () => number;
  /** Changes rows, and the sums with them, in one transaction. */
  write(changes: readonly CostChange[]): Promise<void>;
}

/** A row of the ledger with the record as it was and as it is to be. */
export interface CostChange {
  readonly id: number;
  readonly before: LedgerRecord;
  readonly after: LedgerRecord;
}

/**
 * Changes costs in the ledger and in the sums, a transaction for each hundred records, with room for other work between
 * them. Stopped half-way, it has changed whole transactions, and a run that is repeated changes nothing twice.
 */
export type Repricer = (query: RepriceQuery, signal: AbortSignal) => Promise<RepriceReport>;

const rowsPerTransaction = 100;

/** What it returns rejects with PlatformError `unavailable`. */
export function createRepricer({ database, rolledId, write }: RepricerParts): Repricer {
  const select = ({ startedAtMs, id }: LedgerCursor, untilMs: number) =>
    database
      .selectFrom("usage_ledger")
      .selectAll()
      .where("started_at_ms", ">=", startedAtMs)
      .where("started_at_ms", "<", untilMs)
      .where(({ or, eb }) => or([eb("started_at_ms", ">", startedAtMs), eb("id", ">", id)]))
      .where("id", "<=", rolledId())
      .orderBy("started_at_ms")
      .orderBy("id")
      .limit(rowsPerTransaction)
      .execute();

  return async ({ fromMs, untilMs, cursor, limit, isDryRun, change }, signal) => {
    const report = { examined: 0, changed: 0, pricedAnew: 0 };
    const differences = new Map<string, number>();
    let place: LedgerCursor = cursor ?? { startedAtMs: fromMs, id: 0 };
    for (;;) {
      const from = place;
      const rows = await guardStorageLater(() => select(from, untilMs));
      const changes = rows.flatMap((row): readonly CostChange[] => {
        const before = toLedgerRecord(row);
        const after = change(before);
        return after === undefined ? [] : [{ id: row.id, before, after }];
      });
      if (changes.length > 0 && !isDryRun) await guardStorageLater(() => write(changes));
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

function addCost(sums: Map<string, number>, { currency, costMicros }: LedgerRecord, times: 1 | -1): void {
  if (currency === null || costMicros === null) return;
  sums.set(currency, (sums.get(currency) ?? 0) + times * costMicros);
}

/** What is to be added to the sums: the records as they were are taken out. */
export function toTallies(changes: readonly CostChange[]): Iterable<KindTallies> {
  return toKindTallies(
    changes.flatMap(({ before, after }): readonly TallyChange[] => [
      { record: before, times: -1 },
      { record: after, times: 1 },
    ]),
  );
}

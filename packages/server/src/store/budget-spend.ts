import type { DatabaseSync } from "node:sqlite";
import type { BudgetSpend } from "../core/budgets.ts";
import type { ChargedAttempt } from "../core/budget-table.ts";
import type { LedgerRecord } from "../core/ledger-record.ts";

/** The attempts that count for budgets, of those that were inserted: each once, however often it is among the records. */
export function chargedAttempts(
  records: readonly LedgerRecord[],
  inserted: readonly string[],
): readonly ChargedAttempt[] {
  const left = new Set(inserted);
  return chargedOf(records.filter(({ attemptId }) => left.delete(attemptId)));
}

/** The same of records that were all inserted. */
export function chargedOf(records: readonly LedgerRecord[]): readonly ChargedAttempt[] {
  return records.flatMap(({ attemptId, charges }) => (charges === undefined ? [] : [{ attemptId, charges }]));
}

/** What attempts add to budgets: to be written in the transaction that inserts them. */
export function sumCharges(attempts: readonly ChargedAttempt[]): readonly BudgetSpend[] {
  const byBudget = new Map<string, Map<number, { spentMicros: number; assumedMicros: number }>>();
  for (const { charges } of attempts)
    for (const { budgetId, periodStartMs, micros, isAssumed } of charges) {
      let byPeriod = byBudget.get(budgetId);
      if (byPeriod === undefined) byBudget.set(budgetId, (byPeriod = new Map()));
      let sums = byPeriod.get(periodStartMs);
      if (sums === undefined) byPeriod.set(periodStartMs, (sums = { spentMicros: 0, assumedMicros: 0 }));
      sums.spentMicros += micros;
      if (isAssumed) sums.assumedMicros += micros;
    }
  return [...byBudget].flatMap(([budgetId, byPeriod]) =>
    Array.from(byPeriod, ([periodStartMs, sums]) => ({ budgetId, periodStartMs, ...sums })),
  );
}

/** Adds to the counts. The statement is one that PostgreSQL takes too, with `$1` for `?`. Throws what SQLite throws. */
export function createSpendWriter(raw: DatabaseSync): (spends: readonly BudgetSpend[]) => void {
  const add = raw.prepare(
    `INSERT INTO budget_spend (budget_id, period_start_ms, spent_micros, assumed_micros) VALUES (?, ?, ?, ?)
     ON CONFLICT (budget_id, period_start_ms) DO UPDATE SET
       spent_micros = budget_spend.spent_micros + excluded.spent_micros,
       assumed_micros = budget_spend.assumed_micros + excluded.assumed_micros`,
  );
  return (spends) => {
    for (const { budgetId, periodStartMs, spentMicros, assumedMicros } of spends)
      add.run(budgetId, periodStartMs, spentMicros, assumedMicros);
  };
}

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
  return records.flatMap(({ attemptId, charges }) =>
    left.delete(attemptId) && charges !== undefined ? [{ attemptId, charges }] : [],
  );
}

/** What attempts add to budgets: to be written in the transaction that inserts them. */
export function sumCharges(attempts: readonly ChargedAttempt[]): readonly BudgetSpend[] {
  const charges = attempts.flatMap((attempt) => attempt.charges);
  const grouped = Map.groupBy(charges, ({ budgetId, periodStartMs }) => `${budgetId} ${periodStartMs}`);
  return [...grouped.values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const { budgetId, periodStartMs } = first;
    const assumed = alike.filter(({ isAssumed }) => isAssumed);
    return [{ budgetId, periodStartMs, spentMicros: sumOf(alike), assumedMicros: sumOf(assumed) }];
  });
}

function sumOf(charges: readonly { readonly micros: number }[]): number {
  return charges.reduce((sum, { micros }) => sum + micros, 0);
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

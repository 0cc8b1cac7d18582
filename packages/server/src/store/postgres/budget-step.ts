import { sql } from "kysely";
import type { RecordedSpend } from "../../core/budgets.ts";
import { chargedAttempts, sumCharges } from "../budget-spend.ts";
import type { BudgetStore } from "../budget-store.ts";
import type { LedgerStep } from "./ledger-insert.ts";

/** Counts what records cost for their budgets, in the transaction that inserts them. */
export function createBudgetStep({ noteRecorded }: Pick<BudgetStore, "noteRecorded">): LedgerStep {
  return async (transaction, inserted) => {
    const charged = chargedAttempts(
      inserted,
      inserted.map(({ attemptId }) => attemptId),
    );
    if (charged.length === 0) return () => undefined;
    const totals: RecordedSpend[] = [];
    for (const { budgetId, periodStartMs, spentMicros, assumedMicros } of sumCharges(charged)) {
      const total = await transaction
        .insertInto("budget_spend")
        .values({
          budget_id: budgetId,
          period_start_ms: periodStartMs,
          spent_micros: spentMicros,
          assumed_micros: assumedMicros,
        })
        .onConflict((conflict) =>
          conflict.columns(["budget_id", "period_start_ms"]).doUpdateSet({
            spent_micros: sql`budget_spend.spent_micros + excluded.spent_micros`,
            assumed_micros: sql`budget_spend.assumed_micros + excluded.assumed_micros`,
          }),
        )
        .returning(["spent_micros", "assumed_micros"])
        .executeTakeFirstOrThrow();
      totals.push({
        budgetId,
        periodStartMs,
        spentMicros: total.spent_micros,
        assumedMicros: total.assumed_micros,
        addedMicros: spentMicros,
      });
    }
    return () => noteRecorded(charged, totals);
  };
}

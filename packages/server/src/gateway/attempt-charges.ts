import type { Usage } from "@llm-platform/kit";
import { periodStart } from "../core/budget-period.ts";
import type { BudgetPrices } from "../core/budget-prices.ts";
import type { Budget, BudgetCharge } from "../core/budgets.ts";
import type { AttemptRecord } from "./attempt-record.ts";

/** What an attempt came to, as the ledger is told it. */
export interface AttemptCost {
  readonly usage: Usage;
  /** Null where the price, or the usage, is not known. */
  readonly cost: number | null;
  readonly currency: string | null;
}

/**
 * What an attempt counts for each budget of its call: its cost, or where that is in another currency or not known, what
 * its tokens are taken to cost. An attempt without tokens counts nothing, and a budget for which it counts nothing is
 * left out.
 */
export function chargesOf(
  { call, target, open }: AttemptRecord,
  { usage, cost, currency }: AttemptCost,
  prices: BudgetPrices,
): readonly BudgetCharge[] {
  if (call.budgets === undefined) return none;
  const { own, byIntegration } = call.budgets;
  const atMs = open.start.startedAtMs;
  const { integration, provider, model } = target;
  const tokens = { inputTokens: usage.inputTokens ?? 0, outputTokens: usage.outputTokens ?? 0 };
  const toCharge = (budget: Budget): BudgetCharge => {
    const isAssumed = cost === null || currency !== budget.currency;
    return {
      budgetId: budget.id,
      periodStartMs: periodStart(budget.period, atMs),
      micros: isAssumed
        ? prices.assume({ integration, provider, model, atMs }, budget.currency, tokens)
        : cost,
      isAssumed,
    };
  };
  return [...own, ...(byIntegration.get(integration) ?? none)]
    .map(toCharge)
    .filter(({ micros }) => micros > 0);
}

const none: readonly [] = [];

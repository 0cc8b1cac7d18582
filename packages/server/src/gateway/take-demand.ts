import type { BudgetCounter, BudgetHold } from "../core/budgets.ts";
import type { LimitDecision, LimitTable } from "../core/limit-table.ts";
import type { LimitDemand, LimitHold } from "../core/limits.ts";

/** What counts what calls use. */
export interface Counters {
  readonly limits: LimitTable;
  readonly budgets: BudgetCounter;
}

/**
 * Lets a call in when its budgets and its limits do; else nothing is taken of any.
 * @param nowMs monotonic
 */
export function takeDemand({ limits, budgets }: Counters, demand: LimitDemand, nowMs: number): LimitDecision {
  if (demand.budgets === undefined) return limits.take(demand, nowMs);
  const { verdict: budget, hold: money } = budgets.reserve(demand.budgets, Date.now());
  if (money === undefined)
    return {
      verdict: { refusal: undefined, requests: undefined, tokens: undefined, budget },
      hold: undefined,
    };
  const { verdict, hold } = limits.take(demand, nowMs);
  if (hold === undefined) money.release();
  return { verdict: { ...verdict, budget }, hold: hold && new DoubleHold(hold, money) };
}

/** What a call holds of its limits and of its budgets. */
class DoubleHold implements LimitHold {
  readonly #limits: LimitHold;
  readonly #money: BudgetHold;

  constructor(limits: LimitHold, money: BudgetHold) {
    this.#limits = limits;
    this.#money = money;
  }

  spend(attemptId: string, charges: Parameters<BudgetHold["settle"]>[1]): void {
    this.#money.settle(attemptId, charges);
  }

  settle(usedTokens: number | undefined, nowMs: number): void {
    this.#money.release();
    this.#limits.settle(usedTokens, nowMs);
  }
}

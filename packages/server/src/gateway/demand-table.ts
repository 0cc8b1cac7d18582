import type { BudgetCharge, BudgetCounter, BudgetDecision, BudgetHold } from "../core/budgets.ts";
import type { LimitCounter, LimitDecision, LimitDemand, LimitHold } from "../core/limits.ts";

/** Counts what calls use of their limits, and of their budgets. */
export class DemandTable implements LimitCounter {
  readonly #limits: LimitCounter;
  readonly #budgets: BudgetCounter;

  constructor(limits: LimitCounter, budgets: BudgetCounter) {
    this.#limits = limits;
    this.#budgets = budgets;
  }

  /**
   * Lets a call in when its budgets and its limits do; else nothing is taken of any.
   * @param nowMs monotonic
   */
  take(demand: LimitDemand, nowMs: number): LimitDecision | Promise<LimitDecision> {
    if (demand.budgets === undefined) return this.#limits.take(demand, nowMs);
    const reserved = this.#budgets.reserve(demand.budgets, Date.now());
    if (!(reserved instanceof Promise)) return this.#takeLimits(demand, reserved, nowMs);
    const askedAtMs = performance.now();
    return reserved.then((each) => this.#takeLimits(demand, each, nowMs + performance.now() - askedAtMs));
  }

  #takeLimits(
    demand: LimitDemand,
    { verdict: budget, hold: money }: BudgetDecision,
    nowMs: number,
  ): LimitDecision | Promise<LimitDecision> {
    if (money === undefined) return { verdict: { ...nothingAsked, budget }, hold: undefined };
    const finish = ({ verdict, hold }: LimitDecision): LimitDecision => {
      if (hold === undefined) money.release();
      return { verdict: { ...verdict, budget }, hold: hold && new DoubleHold(hold, money) };
    };
    const decision = this.#limits.take(demand, nowMs);
    return decision instanceof Promise ? decision.then(finish) : finish(decision);
  }
}

const nothingAsked = { refusal: undefined, requests: undefined, tokens: undefined };

/** What a call holds of its limits and of its budgets. */
class DoubleHold implements LimitHold {
  readonly #limits: LimitHold;
  readonly #money: BudgetHold;

  constructor(limits: LimitHold, money: BudgetHold) {
    this.#limits = limits;
    this.#money = money;
  }

  spend(attemptId: string, charges: readonly BudgetCharge[]): void {
    this.#money.settle(attemptId, charges);
  }

  settle(usedTokens: number | undefined, nowMs: number): void {
    this.#money.release();
    this.#limits.settle(usedTokens, nowMs);
  }
}

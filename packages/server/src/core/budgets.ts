/** Whose calls, or the calls to what, a budget counts. A further one is one more line here. */
export const budgetScopes = ["key", "user", "team", "integration", "global"] as const;
export type BudgetScope = (typeof budgetScopes)[number];

/** How often a budget begins anew, in UTC; weeks begin on Monday. */
export const budgetPeriods = ["day", "week", "month", "total"] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

/** What becomes of a call that would go beyond a budget: it is refused, or let go on. */
export const budgetActions = ["block", "warn"] as const;

/** So much money for a time. */
export interface Budget {
  /** `budget_` and a random UUID. */
  readonly id: string;
  readonly name: string;
  readonly scope: BudgetScope;
  /** The id of a key, user or team, or the name of an integration; empty for `global`. */
  readonly subject: string;
  readonly period: BudgetPeriod;
  /** Millionths of the currency, for one period. */
  readonly amountMicros: number;
  /** ISO 4217. */
  readonly currency: string;
  /** Parts of the amount, in percent, that are told of when they are spent. */
  readonly warnAtPercents: readonly number[];
  readonly action: (typeof budgetActions)[number];
  readonly createdAtMs: number;
}

/** The budgets that calls of one caller count for. */
export interface CallBudgets {
  /** Wherever the call goes. */
  readonly own: readonly Budget[];
  /** Where it goes to the integration. */
  readonly byIntegration: ReadonlyMap<string, readonly Budget[]>;
}

/** What one attempt counts for one budget. */
export interface BudgetCharge {
  readonly budgetId: string;
  /** The period in which the attempt began. */
  readonly periodStartMs: number;
  readonly micros: number;
  /** Whether no price in the budget's currency is known, so that the ledger has another cost or none. */
  readonly isAssumed: boolean;
}

/** The most that a call may cost, for one budget. */
export interface BudgetReservation {
  readonly budgetId: string;
  readonly micros: number;
}

/** What a call asks of budgets, as plain data. */
export interface BudgetDemand {
  /** Each of these must have room. */
  readonly required: readonly BudgetReservation[];
  /** The integrations with budgets of their own that the call can go to: one must have room, unless there is another way. */
  readonly integrations: readonly {
    readonly integration: string;
    readonly reservations: readonly BudgetReservation[];
  }[];
  /** Whether the call can also go to an integration without a budget. */
  readonly hasOtherWay: boolean;
}

/** The budget that kept a call out. */
export interface BudgetRefusal {
  readonly budget: string;
  readonly currency: string;
  /** What is neither spent nor reserved. */
  readonly remainingMicros: number;
  /** What the call may cost. */
  readonly neededMicros: number;
  /** Whether there would be room if calls in flight cost nothing. */
  readonly isHeld: boolean;
  /** Until the call could be let in, as far as is known; undefined where that takes more money. */
  readonly retryAfterMs: number | undefined;
}

/** What budgets said of one call. */
export interface BudgetVerdict {
  /** Undefined for a call that was let in. */
  readonly refusal: BudgetRefusal | undefined;
  /** Integrations that the call may not go to, because a budget of theirs has no room. */
  readonly closed: readonly string[];
}

/** What a call that was let in holds of budgets. */
export interface BudgetHold {
  /** Counts what an attempt of the call cost. The reservation stays, for further attempts. */
  settle(attemptId: string, charges: readonly BudgetCharge[]): void;
  /** Gives the reservation back. Later calls change nothing. */
  release(): void;
}

/** What became of a demand. A call that was let in has a hold. */
export interface BudgetDecision {
  readonly verdict: BudgetVerdict;
  readonly hold: BudgetHold | undefined;
}

/**
 * Counts what calls reserve and spend. Who keeps the count for others must let go of the holds of those that are gone:
 * the first process of a host does for its workers.
 */
export interface BudgetCounter {
  /**
   * Reserves in every budget that the call needs, or in none. A promise never rejects.
   * @param nowMs since the epoch
   */
  reserve(demand: BudgetDemand, nowMs: number): BudgetDecision | Promise<BudgetDecision>;
  /** Undefined for a budget that there is not. */
  use(budgetId: string, nowMs: number): BudgetUse | undefined;
}

/** Something of a budget that is worth telling, once in a period. */
export interface BudgetNotice {
  readonly type: "threshold_reached" | "exhausted";
  readonly budget: Budget;
  /** The threshold, or 100. */
  readonly percent: number;
  readonly periodStartMs: number;
  readonly spentMicros: number;
}

/** How far a budget is used in its current period. */
export interface BudgetUse {
  readonly periodStartMs: number;
  /** Undefined for a period without end. */
  readonly periodEndMs: number | undefined;
  readonly spentMicros: number;
  /** Part of `spentMicros`: what models were taken to cost whose price is not known. */
  readonly assumedMicros: number;
  /** What calls in flight may cost. */
  readonly reservedMicros: number;
}

/** What else leaves room in a budget, or does not: what other replicas spend and reserve. */
export interface BudgetRoom {
  /** What may still be reserved here. */
  readonly leftMicros: number;
  /** What all have spent, as last told; the more of this and of what is counted here is true. */
  readonly spentMicros: number;
}

/** What attempts in the ledger count for one budget and period. */
export interface BudgetSpend {
  readonly budgetId: string;
  readonly periodStartMs: number;
  readonly spentMicros: number;
  /** Part of `spentMicros`: what the ledger has another cost for, or none. */
  readonly assumedMicros: number;
}

/** The sum of a budget and period in the ledger after a transaction that added to it. */
export interface RecordedSpend extends BudgetSpend {
  readonly addedMicros: number;
}

import { BudgetState } from "./budget-state.ts";
import type {
  Budget,
  BudgetCharge,
  BudgetCounter,
  BudgetDecision,
  BudgetDemand,
  BudgetHold,
  BudgetNotice,
  BudgetRefusal,
  BudgetReservation,
  BudgetSpend,
  BudgetUse,
} from "./budgets.ts";

/** An attempt that stands in the ledger now, and what it counts. */
export interface ChargedAttempt {
  readonly attemptId: string;
  readonly charges: readonly BudgetCharge[];
}

export interface BudgetTableParts {
  /** Told of each thing once in a period, while it is counted. */
  onNotice(notice: BudgetNotice): void;
  /** Attempts that were counted before their records came, and are remembered until those do. Default 100,000. */
  readonly mostUnrecorded?: number;
}

const mostUnrecordedAttempts = 100_000;

/**
 * Counts what calls use of every budget of this process and of those that ask it.
 *
 * An attempt counts when it ends, and once more when its record comes into the ledger, unless it did already: so what
 * a process that died had not told is counted too, and nothing twice. Of attempts beyond `mostUnrecorded`, which wait
 * for a ledger that is away for long, the oldest count twice until the next start: too much rather than too little.
 */
export class BudgetTable implements BudgetCounter {
  readonly #parts: BudgetTableParts;
  readonly #mostUnrecorded: number;
  #states = new Map<string, BudgetState>();
  readonly #unrecorded = new Set<string>();

  constructor(parts: BudgetTableParts) {
    this.#parts = parts;
    this.#mostUnrecorded = parts.mostUnrecorded ?? mostUnrecordedAttempts;
  }

  /** These are the budgets from now on; what is used of those that stay is kept. */
  replace(budgets: readonly Budget[], nowMs: number): void {
    const before = this.#states;
    this.#states = new Map();
    for (const budget of budgets) {
      const known = before.get(budget.id);
      this.#states.set(budget.id, known ?? new BudgetState(budget, nowMs, this.#parts.onNotice));
      known?.adapt(budget);
    }
  }

  /** What was spent before this start. Of another period than the current one it is left alone. */
  restore(spend: BudgetSpend): void {
    this.#states.get(spend.budgetId)?.restore(spend);
  }

  reserve({ required, integrations, hasOtherWay }: BudgetDemand, nowMs: number): BudgetDecision {
    const refusal = this.#judge(required, nowMs);
    if (refusal !== undefined) return { verdict: { refusal, closed: [] }, hold: undefined };
    const closed: string[] = [];
    const reservations = [...required];
    let inTheWay: BudgetRefusal | undefined;
    for (const { integration, reservations: ofIntegration } of integrations) {
      const full = this.#judge(ofIntegration, nowMs);
      if (full === undefined) reservations.push(...ofIntegration);
      else closed.push(integration);
      inTheWay = inTheWay === undefined ? full : sooner(inTheWay, full ?? inTheWay);
    }
    if (inTheWay !== undefined && !hasOtherWay && closed.length === integrations.length)
      return { verdict: { refusal: inTheWay, closed }, hold: undefined };
    return { verdict: { refusal: undefined, closed }, hold: this.#hold(reservations) };
  }

  /** Attempts have come into the ledger that were not there before. */
  noteRecorded(attempts: readonly ChargedAttempt[]): void {
    for (const { attemptId, charges } of attempts)
      if (!this.#unrecorded.delete(attemptId)) this.#spend(charges);
  }

  /** Undefined for a budget that there is not. */
  use(budgetId: string, nowMs: number): BudgetUse | undefined {
    return this.#states.get(budgetId)?.use(nowMs);
  }

  /** The refusal that is in the way the longest. A budget that was deleted meanwhile is not in the way. */
  #judge(reservations: readonly BudgetReservation[], nowMs: number): BudgetRefusal | undefined {
    let refusal: BudgetRefusal | undefined;
    for (const { budgetId, micros } of reservations) {
      const state = this.#states.get(budgetId);
      const found = state?.judge(micros, nowMs);
      if (found === undefined) continue;
      if (!found.isHeld) state?.noteRefused();
      refusal = refusal === undefined || sooner(refusal, found) === refusal ? found : refusal;
    }
    return refusal;
  }

  #hold(reservations: readonly BudgetReservation[]): BudgetHold {
    const taken = reservations.flatMap(({ budgetId, micros }) => {
      const state = this.#states.get(budgetId);
      return state === undefined ? [] : [{ state, micros, periodStartMs: state.reserve(micros) }];
    });
    let isOver = false;
    return {
      settle: (attemptId, charges) => this.#settle(attemptId, charges),
      release() {
        if (isOver) return;
        isOver = true;
        for (const { state, micros, periodStartMs } of taken) state.release(micros, periodStartMs);
      },
    };
  }

  #settle(attemptId: string, charges: readonly BudgetCharge[]): void {
    this.#spend(charges);
    this.#unrecorded.add(attemptId);
    if (this.#unrecorded.size <= this.#mostUnrecorded) return;
    const [oldest] = this.#unrecorded;
    if (oldest !== undefined) this.#unrecorded.delete(oldest);
  }

  #spend(charges: readonly BudgetCharge[]): void {
    for (const charge of charges) this.#states.get(charge.budgetId)?.spend(charge);
  }
}

/** The one that is out of the way first; the first of two that are equal. */
function sooner(one: BudgetRefusal, other: BudgetRefusal): BudgetRefusal {
  const waitOf = ({ retryAfterMs = Number.POSITIVE_INFINITY }: BudgetRefusal) => retryAfterMs;
  return waitOf(other) < waitOf(one) ? other : one;
}

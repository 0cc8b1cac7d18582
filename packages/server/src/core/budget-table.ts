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
  BudgetRoom,
  BudgetSpend,
  BudgetUse,
  RecordedSpend,
} from "./budgets.ts";

/** An attempt that stands in the ledger now, and what it counts. */
export interface ChargedAttempt {
  readonly attemptId: string;
  readonly charges: readonly BudgetCharge[];
}

/** Where a budget stands. */
export interface BudgetPosition {
  readonly budget: Budget;
  readonly use: BudgetUse;
  /** Part of what is spent: of this process, and not known to stand in the ledger. */
  readonly unrecordedMicros: number;
}

export interface BudgetTableParts {
  /** Told of each thing once in a period, while it is counted. */
  onNotice(notice: BudgetNotice): void;
  /** Whether replicas fill the same ledger, so that `restate` is called. Default false. */
  readonly isShared?: boolean;
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
 *
 * Where replicas fill the same ledger, what is spent is what the ledger has of all of them and what is not yet in it of
 * this one: whoever reads the ledger says so by `restate`.
 */
export class BudgetTable implements BudgetCounter {
  readonly #parts: BudgetTableParts;
  readonly #mostUnrecorded: number;
  #states = new Map<string, BudgetState>();
  /** What each counts, by its id. */
  readonly #unrecorded = new Map<string, readonly BudgetCharge[]>();

  constructor(parts: BudgetTableParts) {
    this.#parts = parts;
    this.#mostUnrecorded = parts.mostUnrecorded ?? mostUnrecordedAttempts;
  }

  /**
   * These are the budgets from now on; what is used of those that stay is kept.
   * @param isChangedHere whether this process changed them, and tells what that makes true. Default true
   */
  replace(budgets: readonly Budget[], nowMs: number, isChangedHere = true): void {
    const { isShared = false, onNotice } = this.#parts;
    const before = this.#states;
    this.#states = new Map();
    for (const budget of budgets) {
      const known = before.get(budget.id);
      this.#states.set(budget.id, known ?? new BudgetState(budget, { nowMs, isShared, onNotice }));
      known?.adapt(budget, isChangedHere);
    }
  }

  /** What was spent before this start. Of another period than the current one it is left alone. */
  restore(spend: BudgetSpend): void {
    this.#states.get(spend.budgetId)?.restore(spend);
  }

  /** What the ledger has of all budgets now: read after all that this process was told to be recorded, and nothing else of it. */
  restate(spends: readonly BudgetSpend[], nowMs: number): void {
    const found = new Map(spends.map((spend) => [`${spend.budgetId} ${spend.periodStartMs}`, spend]));
    for (const [id, state] of this.#states)
      state.restate(found.get(`${id} ${state.use(nowMs).periodStartMs}`) ?? nothingSpent);
  }

  /** @param roomOf what others leave of a budget; absent where nobody else counts */
  reserve(
    { required, integrations, hasOtherWay }: BudgetDemand,
    nowMs: number,
    roomOf: (budgetId: string) => BudgetRoom | undefined = alone,
  ): BudgetDecision {
    const refusal = this.#judge(required, nowMs, roomOf);
    if (refusal !== undefined) return { verdict: { refusal, closed: [] }, hold: undefined };
    const closed: string[] = [];
    const reservations = [...required];
    let inTheWay: BudgetRefusal | undefined;
    for (const { integration, reservations: ofIntegration } of integrations) {
      const full = this.#judge(ofIntegration, nowMs, roomOf);
      if (full === undefined) reservations.push(...ofIntegration);
      else closed.push(integration);
      inTheWay = inTheWay === undefined ? full : sooner(inTheWay, full ?? inTheWay);
    }
    if (inTheWay !== undefined && !hasOtherWay && closed.length === integrations.length)
      return { verdict: { refusal: inTheWay, closed }, hold: undefined };
    return { verdict: { refusal: undefined, closed }, hold: this.#hold(reservations) };
  }

  /**
   * Attempts have come into the ledger that were not there before.
   * @param totals what it has then of what they count for; only where it is shared
   */
  noteRecorded(attempts: readonly ChargedAttempt[], totals: readonly RecordedSpend[] = []): void {
    for (const { attemptId, charges } of attempts) if (!this.noteKept(attemptId)) this.#spend(charges);
    for (const total of totals) this.#states.get(total.budgetId)?.noteTotal(total);
  }

  /** An attempt stands in the ledger, since now or before. Returns whether it was counted here before its record came. */
  noteKept(attemptId: string): boolean {
    const charges = this.#unrecorded.get(attemptId);
    if (charges === undefined) return false;
    this.#unrecorded.delete(attemptId);
    this.#noteUnrecorded(charges, -1);
    return true;
  }

  /** The budget and what is used of it, for who asks others; undefined for a budget that there is not. */
  position(budgetId: string, nowMs: number): BudgetPosition | undefined {
    const state = this.#states.get(budgetId);
    if (state === undefined) return undefined;
    const use = state.use(nowMs);
    return { budget: state.budget, use, unrecordedMicros: state.unrecordedMicros };
  }

  get budgetIds(): Iterable<string> {
    return this.#states.keys();
  }

  /** Undefined for a budget that there is not. */
  use(budgetId: string, nowMs: number): BudgetUse | undefined {
    return this.#states.get(budgetId)?.use(nowMs);
  }

  /** The refusal that is in the way the longest. A budget that was deleted meanwhile is not in the way. */
  #judge(
    reservations: readonly BudgetReservation[],
    nowMs: number,
    roomOf: (budgetId: string) => BudgetRoom | undefined,
  ): BudgetRefusal | undefined {
    let refusal: BudgetRefusal | undefined;
    for (const { budgetId, micros } of reservations) {
      const state = this.#states.get(budgetId);
      const found = state?.judge(micros, nowMs, roomOf(budgetId));
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
    this.#unrecorded.set(attemptId, charges);
    this.#noteUnrecorded(charges, 1);
    if (this.#unrecorded.size <= this.#mostUnrecorded) return;
    const [oldest] = this.#unrecorded.keys();
    if (oldest !== undefined) this.noteKept(oldest);
  }

  #noteUnrecorded(charges: readonly BudgetCharge[], sign: 1 | -1): void {
    for (const charge of charges) this.#states.get(charge.budgetId)?.noteUnrecorded(charge, sign);
  }

  #spend(charges: readonly BudgetCharge[]): void {
    for (const charge of charges) this.#states.get(charge.budgetId)?.spend(charge);
  }
}

const alone = () => undefined;
const nothingSpent = { spentMicros: 0, assumedMicros: 0 };

/** The one that is out of the way first; the first of two that are equal. */
function sooner(one: BudgetRefusal, other: BudgetRefusal): BudgetRefusal {
  const waitOf = ({ retryAfterMs = Number.POSITIVE_INFINITY }: BudgetRefusal) => retryAfterMs;
  return waitOf(other) < waitOf(one) ? other : one;
}

import { periodEnd, periodStart } from "./budget-period.ts";
import type {
  Budget,
  BudgetCharge,
  BudgetNotice,
  BudgetRefusal,
  BudgetRoom,
  BudgetSpend,
  BudgetUse,
  RecordedSpend,
} from "./budgets.ts";

/** When a call in flight ends, and gives back what it does not use, is not known in advance. */
const heldRetryMs = 1_000;

export interface BudgetStateParts {
  readonly nowMs: number;
  /** Whether others add to the ledger too: then thresholds are told of by the one whose rows reach them. */
  readonly isShared: boolean;
  onNotice(notice: BudgetNotice): void;
}

/** What is used of one budget in its current period. */
export class BudgetState {
  #budget: Budget;
  readonly #parts: BudgetStateParts;
  #startMs: number;
  #spent = 0;
  #assumed = 0;
  /** Parts of what is spent and assumed that are not known to stand in the ledger. */
  #unrecorded = 0;
  #unrecordedAssumed = 0;
  #reserved = 0;
  /** Thresholds that were told of in this period. */
  #told = new Set<number>();
  #isExhaustionTold = false;

  constructor(budget: Budget, parts: BudgetStateParts) {
    this.#budget = budget;
    this.#parts = parts;
    this.#startMs = periodStart(budget.period, parts.nowMs);
  }

  get budget(): Budget {
    return this.#budget;
  }

  get unrecordedMicros(): number {
    return this.#unrecorded;
  }

  /** Takes over what was changed meanwhile. What a lower amount makes true is told by the one that changed it. */
  adapt(budget: Budget, isChangedHere: boolean): void {
    // What others reached is told of already.
    if (this.#parts.isShared) this.#noteTold();
    this.#budget = budget;
    for (const percent of this.#told) if (!this.#hasReached(percent)) this.#told.delete(percent);
    this.#isExhaustionTold &&= this.#spent >= budget.amountMicros;
    if (isChangedHere) this.#tell();
    else this.#noteTold();
  }

  /** Begins with what was spent before, without telling what was told then. */
  restore({ periodStartMs, spentMicros, assumedMicros }: BudgetSpend): void {
    if (periodStartMs !== this.#startMs) return;
    this.#spent += spentMicros;
    this.#assumed += assumedMicros;
    this.#noteTold();
  }

  /** The ledger has so much from all who add to it, with everything of here but what is unrecorded. */
  restate({ spentMicros, assumedMicros }: Pick<BudgetSpend, "spentMicros" | "assumedMicros">): void {
    this.#spent = spentMicros + this.#unrecorded;
    this.#assumed = assumedMicros + this.#unrecordedAssumed;
  }

  /** Rows of here have brought the ledger to so much. Told of is what they reached, so that one of all tells it. */
  noteTotal(total: RecordedSpend): void {
    if (total.periodStartMs !== this.#startMs) return;
    this.restate(total);
    const { spentMicros, addedMicros } = total;
    const { amountMicros, warnAtPercents } = this.#budget;
    const isReachedNow = (percent: number) =>
      spentMicros * 100 >= amountMicros * percent &&
      (spentMicros - addedMicros) * 100 < amountMicros * percent;
    for (const percent of warnAtPercents) if (isReachedNow(percent)) this.#tellReached(percent);
    if (isReachedNow(100)) this.#tellExhausted();
  }

  /**
   * What keeps a call out that may cost so much. One that costs nothing is never kept out.
   * @param room what others leave; undefined where nobody else counts
   */
  judge(micros: number, nowMs: number, room?: BudgetRoom): BudgetRefusal | undefined {
    this.#roll(nowMs);
    const { action, amountMicros, name, currency, period } = this.#budget;
    const spent = Math.max(this.#spent, room?.spentMicros ?? 0);
    const own = amountMicros - this.#spent - this.#reserved;
    const left = room === undefined ? own : Math.min(own, room.leftMicros);
    if (action === "warn" || micros === 0 || micros <= left) return undefined;
    const isHeld = spent + micros <= amountMicros;
    const endMs = periodEnd(period, this.#startMs);
    return {
      budget: name,
      currency,
      remainingMicros: Math.max(0, left),
      neededMicros: micros,
      isHeld,
      retryAfterMs: isHeld ? heldRetryMs : endMs === undefined ? undefined : Math.max(1, endMs - nowMs),
    };
  }

  /** A call was refused, and not for what others hold. */
  noteRefused(): void {
    this.#tellExhausted();
  }

  /** Returns the period that the reservation is of. */
  reserve(micros: number): number {
    this.#reserved += micros;
    return this.#startMs;
  }

  /** A reservation of a period that is over went with it. */
  release(micros: number, periodStartMs: number): void {
    if (periodStartMs === this.#startMs) this.#reserved -= micros;
  }

  spend({ micros, periodStartMs, isAssumed }: BudgetCharge): void {
    this.#roll(periodStartMs);
    if (periodStartMs !== this.#startMs) return;
    this.#spent += micros;
    if (isAssumed) this.#assumed += micros;
    if (!this.#parts.isShared) this.#tell();
  }

  /** Something that was spent has yet to come into the ledger; or, with -1, it has. */
  noteUnrecorded({ micros, periodStartMs, isAssumed }: BudgetCharge, sign: 1 | -1): void {
    if (periodStartMs !== this.#startMs) return;
    this.#unrecorded += sign * micros;
    if (isAssumed) this.#unrecordedAssumed += sign * micros;
  }

  use(nowMs: number): BudgetUse {
    this.#roll(nowMs);
    return {
      periodStartMs: this.#startMs,
      periodEndMs: periodEnd(this.#budget.period, this.#startMs),
      spentMicros: this.#spent,
      assumedMicros: this.#assumed,
      reservedMicros: this.#reserved,
    };
  }

  /** A clock that is set back begins no period anew. */
  #roll(nowMs: number): void {
    const startMs = periodStart(this.#budget.period, nowMs);
    if (startMs <= this.#startMs) return;
    this.#startMs = startMs;
    this.#spent = 0;
    this.#assumed = 0;
    this.#unrecorded = 0;
    this.#unrecordedAssumed = 0;
    this.#reserved = 0;
    this.#told = new Set();
    this.#isExhaustionTold = false;
  }

  #hasReached(percent: number): boolean {
    return this.#spent * 100 >= this.#budget.amountMicros * percent;
  }

  #noteTold(): void {
    this.#told = new Set(this.#budget.warnAtPercents.filter((percent) => this.#hasReached(percent)));
    this.#isExhaustionTold = this.#spent >= this.#budget.amountMicros;
  }

  #tell(): void {
    for (const percent of this.#budget.warnAtPercents)
      if (this.#hasReached(percent)) this.#tellReached(percent);
    if (this.#spent >= this.#budget.amountMicros) this.#tellExhausted();
  }

  #tellReached(percent: number): void {
    if (this.#told.has(percent)) return;
    this.#told.add(percent);
    this.#notify("threshold_reached", percent);
  }

  #tellExhausted(): void {
    if (this.#isExhaustionTold) return;
    this.#isExhaustionTold = true;
    this.#notify("exhausted", 100);
  }

  #notify(type: BudgetNotice["type"], percent: number): void {
    const spentMicros = this.#spent;
    this.#parts.onNotice({ type, budget: this.#budget, percent, periodStartMs: this.#startMs, spentMicros });
  }
}

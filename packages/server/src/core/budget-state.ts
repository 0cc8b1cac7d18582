import { periodEnd, periodStart } from "./budget-period.ts";
import type { Budget, BudgetCharge, BudgetNotice, BudgetRefusal, BudgetSpend, BudgetUse } from "./budgets.ts";

/** When a call in flight ends, and gives back what it does not use, is not known in advance. */
const heldRetryMs = 1_000;

/** What is used of one budget in its current period. */
export class BudgetState {
  #budget: Budget;
  readonly #onNotice: (notice: BudgetNotice) => void;
  #startMs: number;
  #spent = 0;
  #assumed = 0;
  #reserved = 0;
  /** Thresholds that were told of in this period. */
  #told = new Set<number>();
  #isExhaustionTold = false;

  constructor(budget: Budget, nowMs: number, onNotice: (notice: BudgetNotice) => void) {
    this.#budget = budget;
    this.#onNotice = onNotice;
    this.#startMs = periodStart(budget.period, nowMs);
  }

  /** Takes over what was changed meanwhile. What a lower amount makes true is told. */
  adapt(budget: Budget): void {
    this.#budget = budget;
    for (const percent of this.#told) if (!this.#hasReached(percent)) this.#told.delete(percent);
    this.#isExhaustionTold &&= this.#spent >= budget.amountMicros;
    this.#tell();
  }

  /** Begins with what was spent before, without telling what was told then. */
  restore({ periodStartMs, spentMicros, assumedMicros }: BudgetSpend): void {
    if (periodStartMs !== this.#startMs) return;
    this.#spent += spentMicros;
    this.#assumed += assumedMicros;
    this.#told = new Set(this.#budget.warnAtPercents.filter((percent) => this.#hasReached(percent)));
    this.#isExhaustionTold = this.#spent >= this.#budget.amountMicros;
  }

  /** What keeps a call out that may cost so much. One that costs nothing is never kept out. */
  judge(micros: number, nowMs: number): BudgetRefusal | undefined {
    this.#roll(nowMs);
    const { action, amountMicros, name, currency, period } = this.#budget;
    const left = amountMicros - this.#spent - this.#reserved;
    if (action === "warn" || micros === 0 || micros <= left) return undefined;
    const isHeld = this.#spent + micros <= amountMicros;
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
    this.#tell();
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
    this.#reserved = 0;
    this.#told = new Set();
    this.#isExhaustionTold = false;
  }

  #hasReached(percent: number): boolean {
    return this.#spent * 100 >= this.#budget.amountMicros * percent;
  }

  #tell(): void {
    for (const percent of this.#budget.warnAtPercents) {
      if (this.#told.has(percent) || !this.#hasReached(percent)) continue;
      this.#told.add(percent);
      this.#notify("threshold_reached", percent);
    }
    if (this.#spent >= this.#budget.amountMicros) this.#tellExhausted();
  }

  #tellExhausted(): void {
    if (this.#isExhaustionTold) return;
    this.#isExhaustionTold = true;
    this.#notify("exhausted", 100);
  }

  #notify(type: BudgetNotice["type"], percent: number): void {
    const spentMicros = this.#spent;
    this.#onNotice({ type, budget: this.#budget, percent, periodStartMs: this.#startMs, spentMicros });
  }
}

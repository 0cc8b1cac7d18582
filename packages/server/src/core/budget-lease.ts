import type { Budget, BudgetRoom } from "./budgets.ts";

/** What a replica tells the shared count of one budget and period, and asks of it. All amounts are micros. */
export interface BudgetAsk {
  readonly budgetId: string;
  readonly periodStartMs: number;
  readonly amount: number;
  /** What the ledger has from all replicas, as far as is known here: what a new count begins with. */
  readonly recorded: number;
  /** Spent here, and not in `recorded`. */
  readonly unrecorded: number;
  /** Spent here, and perhaps not in what another replica has begun the count with. */
  readonly fresh: number;
  /** Spent here since the lease began. What of it counts beyond what the count began with is noted there. */
  readonly spent: number;
  /** What may be reserved here, with what is. Told whole, so that the next exchange puts right what one has lost. */
  readonly lease: number;
  readonly reserved: number;
  /** What calls wait for, beyond the lease. */
  readonly need: number;
  /** What would be good to have beyond that, where much is left. */
  readonly want: number;
}

export interface BudgetAnswer {
  readonly granted: number;
  /** By all replicas. */
  readonly spent: number;
  /** By calls in flight on other replicas that are live. */
  readonly reservedElsewhere: number;
  /** What is neither spent nor leased. */
  readonly left: number;
}

/** What a call reserved or spent in this time is what is had ahead. */
const aheadMs = 250;
/** For so long an answer that there is too little is believed. */
const emptyForMs = 250;
/** For longer than any row takes from its attempt's end to where other replicas have read it, unless the ledger is away. */
const freshMs = 5_000;

/** What a replica has of one budget in one period: what it may reserve without asking, and what it has to tell. */
export class BudgetLease {
  readonly periodStartMs: number;
  #lease = 0;
  #reserved = 0;
  #spent = 0;
  /** By all, as last told or, where nothing was, as the ledger had it, and by here then. */
  #heard: { readonly byAll: number; readonly byHere: number } | undefined;
  #reservedElsewhere = 0;
  #left = 0;
  /** Of the budget, as it was when it was asked. */
  #amount = 0;
  #need = 0;
  #recent = 0;
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #emptyUntilMs = Number.NEGATIVE_INFINITY;
  /** Spent lately: when, how much, and so on. */
  readonly #lately: { atMs: number; micros: number }[] = [];
  #asked: BudgetAsk | undefined;
  /** What the count knows of here; undefined where that is not known. */
  #told: Pick<BudgetAsk, "lease" | "reserved" | "spent"> | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(periodStartMs: number) {
    this.periodStartMs = periodStartMs;
  }

  get stock(): number {
    return this.#lease - this.#reserved;
  }

  get reservedElsewhere(): number {
    return this.#reservedElsewhere;
  }

  /** Spent by all, as far as the count has told it. */
  get spentByAll(): number {
    return this.#heard === undefined ? 0 : this.#heard.byAll + this.#spent - this.#heard.byHere;
  }

  /** Whether asking would change nothing: so much is here, or is not to be had. */
  isKnown(micros: number, { amountMicros }: Budget, nowMs: number): boolean {
    if (this.stock >= micros) return true;
    return nowMs < this.#emptyUntilMs && amountMicros === this.#amount && this.stock + this.#left < micros;
  }

  wish(micros: number): void {
    this.#need += micros;
  }

  /** What may be reserved here by what is leased. */
  room(): BudgetRoom {
    return { leftMicros: this.stock, spentMicros: this.spentByAll };
  }

  /**
   * What may be reserved here while the others cannot be asked: this replica's part of what was left when it last heard of
   * them, less what it has reserved, and has spent since.
   */
  share({ amountMicros }: Budget, spentMicros: number, replicas: number): BudgetRoom {
    this.#heard ??= { byAll: spentMicros, byHere: this.#spent };
    const part = (amountMicros - this.#heard.byAll) / replicas;
    const spentSince = this.#spent - this.#heard.byHere;
    return { leftMicros: Math.floor(part - spentSince - this.#reserved), spentMicros };
  }

  /** Reserves so much, whether it is leased or not: what is not is told as if it were. */
  take(micros: number, nowMs: number): void {
    this.#recent = this.#recently(nowMs) + micros;
    this.#usedAtMs = nowMs;
    if (this.stock < micros) this.#lease += micros - Math.max(0, this.stock);
    this.#reserved += micros;
  }

  /** @param ofReservation what of it was reserved, and so comes out of the lease */
  spend(micros: number, ofReservation: number, nowMs: number): void {
    this.#spent += micros;
    this.#lease -= ofReservation;
    const last = this.#lately.at(-1);
    if (last !== undefined && nowMs - last.atMs < aheadMs) last.micros += micros;
    else this.#lately.push({ atMs: nowMs, micros });
  }

  release(micros: number): void {
    this.#reserved -= micros;
  }

  /** Whether it should ask before calls have to wait. */
  isLow(nowMs: number, replicas: number): boolean {
    return this.stock * 2 < this.#aim(nowMs, replicas);
  }

  /** Undefined where there is nothing to ask and nothing to tell. @param isStale whether it is to be asked all the same */
  toAsk(
    { budget, recorded, unrecorded }: AskFacts,
    {
      nowMs,
      replicas,
      refreshMs,
    }: { readonly nowMs: number; readonly replicas: number; readonly refreshMs: number },
  ): BudgetAsk | undefined {
    const wished = this.#need;
    this.#need = 0;
    const keep = Math.max(wished, 2 * Math.ceil(this.#recently(nowMs)));
    if (this.stock > keep) this.#lease = this.#reserved + keep;
    const need = Math.max(0, wished - this.stock);
    // What was given back as too little is not had ahead at once.
    const isLow = nowMs >= this.#emptyUntilMs && this.isLow(nowMs, replicas);
    const want = need > 0 || isLow ? Math.ceil(this.#recently(nowMs)) : 0;
    const [lease, reserved, spent] = [this.#lease, this.#reserved, this.#spent];
    const isTold =
      this.#told?.lease === lease && this.#told.reserved === reserved && this.#told.spent === spent;
    if (isTold && need === 0 && want === 0 && nowMs - this.#toldAtMs < refreshMs) return undefined;
    const { id: budgetId, amountMicros: amount } = budget;
    this.#amount = amount;
    const { periodStartMs } = this;
    const fresh = Math.max(unrecorded, this.#spentLately(nowMs));
    const told = { recorded, unrecorded, fresh, spent, lease, reserved };
    this.#asked = { budgetId, periodStartMs, amount, ...told, need, want };
    return this.#asked;
  }

  onAnswer(answer: BudgetAnswer, nowMs: number): void {
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked === undefined) return;
    const { granted, spent, reservedElsewhere, left } = answer;
    this.#lease += granted;
    this.#heard = { byAll: spent, byHere: asked.spent };
    this.#reservedElsewhere = reservedElsewhere;
    this.#left = Math.max(0, left);
    this.#told = { lease: asked.lease + granted, reserved: asked.reserved, spent: asked.spent };
    this.#toldAtMs = nowMs;
    if (asked.need > 0)
      this.#emptyUntilMs = granted < asked.need ? nowMs + emptyForMs : Number.NEGATIVE_INFINITY;
  }

  /**
   * Lets go of what is left here after an answer that there is too little: with it another replica may have enough for a call,
   * while each keeps its part neither has. Returns whether there was any.
   */
  giveBack(nowMs: number): boolean {
    if (nowMs >= this.#emptyUntilMs || this.stock <= 0) return false;
    this.#lease = this.#reserved;
    return true;
  }

  /** What was told may have arrived or not: it is told again. */
  onFailure(): void {
    this.#asked = undefined;
    this.#told = undefined;
  }

  #recently(nowMs: number): number {
    const recent = this.#recent * Math.exp((this.#usedAtMs - nowMs) / aheadMs);
    return nowMs - this.#usedAtMs > 4 * aheadMs ? 0 : recent;
  }

  /** How much it would be good to have: the less the less is left. */
  #aim(nowMs: number, replicas: number): number {
    return Math.min(this.#recently(nowMs), this.#left / (2 * replicas));
  }

  #spentLately(nowMs: number): number {
    while ((this.#lately[0]?.atMs ?? nowMs) < nowMs - freshMs) this.#lately.shift();
    return this.#lately.reduce((sum, { micros }) => sum + micros, 0);
  }
}

/** What is known here of a budget when its lease asks. */
export interface AskFacts {
  readonly budget: Budget;
  readonly recorded: number;
  readonly unrecorded: number;
}

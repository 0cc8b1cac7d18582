import { type BudgetAnswer, type BudgetAsk, BudgetLease } from "../core/budget-lease.ts";
import type { BudgetPosition, BudgetTable } from "../core/budget-table.ts";
import type {
  BudgetCharge,
  BudgetCounter,
  BudgetDecision,
  BudgetDemand,
  BudgetHold,
  BudgetReservation,
  BudgetRoom,
  BudgetUse,
} from "../core/budgets.ts";

export interface BudgetsOverReplicasParts {
  /** What is counted here, with what the ledger has of all replicas. */
  readonly table: BudgetTable;
  /** Whether the shared counts can be asked. */
  isUp(): boolean;
  /** Asks them, and resolves with answers in the order of the asks. Rejects after the deadline, or when they cannot be asked. */
  exchange(asks: readonly BudgetAsk[], deadlineMs: number): Promise<readonly BudgetAnswer[]>;
  /** That are live, as last known. */
  replicas(): number;
  /** How long an exchange may take that a call waits for. */
  readonly deadlineMs: number;
  /** Monotonic. */
  nowMs(): number;
  /** Since the epoch. */
  wallMs(): number;
  /** Told how each decision was taken: from what lay here, after asking, or without the others. */
  onDecision(by: "lease" | "exchange" | "local"): void;
}

interface Waiting {
  readonly demand: BudgetDemand;
  /** Whether the exchange under way asks for it. */
  hasAsked: boolean;
  resolve(decision: BudgetDecision): void;
}

interface Taken {
  readonly lease: BudgetLease;
  readonly budgetId: string;
  readonly micros: number;
  /** What of it no attempt has spent. */
  unspent: number;
}

interface Asked {
  readonly lease: BudgetLease;
  readonly ask: BudgetAsk;
}

/** Budgets in one exchange, or a few more. */
const mostAsks = 128;
/** What nobody waits for has more time. */
const idleDeadlineMs = 500;
/** A budget of which there is nothing to tell is asked about so often, so that what others do is known. */
const refreshMs = 1_000;
/** And seldom enough that all together take so little of Redis: a hundred a second. */
const refreshEachMs = 10;

/**
 * Budgets that hold for all replicas together. A call is let in by what is leased here of its budgets; only one that finds
 * too little waits, with all others of its turn, for one exchange. While the shared counts are away, each replica goes on
 * with its share of what was left.
 *
 * What is reserved and spent here is always counted in the table too, which also has what the ledger knows of others.
 */
export class BudgetsOverReplicas implements BudgetCounter {
  readonly #parts: BudgetsOverReplicasParts;
  readonly #leases = new Map<string, BudgetLease>();
  readonly #due = new Set<string>();
  #waiting: Waiting[] = [];
  #asking: Promise<void> | undefined;
  /** The last exchange failed: until one does not, no call waits for one. */
  #isSuspect = false;

  constructor(parts: BudgetsOverReplicasParts) {
    this.#parts = parts;
  }

  reserve(demand: BudgetDemand, wallMs: number): BudgetDecision | Promise<BudgetDecision> {
    const { isUp, onDecision } = this.#parts;
    if (!isUp() || this.#isSuspect) return this.#reserveAlone(demand, wallMs);
    if (this.#isKnown(demand, wallMs)) {
      onDecision("lease");
      return this.#decide(demand, wallMs);
    }
    return new Promise((resolve) => {
      this.#waiting.push({ demand, hasAsked: false, resolve });
      this.#askSoon();
    });
  }

  use(budgetId: string, wallMs: number): BudgetUse | undefined {
    const use = this.#parts.table.use(budgetId, wallMs);
    const lease = this.#leases.get(budgetId);
    if (use === undefined || lease?.periodStartMs !== use.periodStartMs) return use;
    return {
      ...use,
      spentMicros: Math.max(use.spentMicros, lease.spentByAll),
      reservedMicros: use.reservedMicros + lease.reservedElsewhere,
    };
  }

  /** Looks what there is to ask and to tell. To be called a few times a second. */
  tick(): void {
    const wallMs = this.#parts.wallMs();
    const known = new Set(this.#parts.table.budgetIds);
    for (const id of this.#leases.keys()) if (!known.has(id)) this.#leases.delete(id);
    for (const id of known) {
      this.#leaseOf(id, wallMs);
      this.#due.add(id);
    }
    if (this.#due.size > 0) this.#askSoon();
  }

  /** Tells what was spent last. Never rejects. */
  async tell(limitMs: number): Promise<void> {
    await this.#asking;
    this.tick();
    const late = AbortSignal.timeout(limitMs);
    while (this.#asking !== undefined && !late.aborted) await this.#asking;
  }

  /** Undefined for a budget that there is not. What was leased of another period has gone with it. */
  #leaseOf(
    budgetId: string,
    wallMs: number,
  ): { readonly lease: BudgetLease; readonly position: BudgetPosition } | undefined {
    const position = this.#parts.table.position(budgetId, wallMs);
    if (position === undefined) return undefined;
    const { periodStartMs } = position.use;
    const known = this.#leases.get(budgetId);
    if (known?.periodStartMs === periodStartMs) return { lease: known, position };
    const lease = new BudgetLease(periodStartMs);
    this.#leases.set(budgetId, lease);
    return { lease, position };
  }

  /** Whether it is known here of everything that a call needs whether it can be had. */
  #isKnown(demand: BudgetDemand, wallMs: number): boolean {
    const nowMs = this.#parts.nowMs();
    return reservationsOf(demand).every(({ budgetId, micros }) => {
      const found = micros === 0 ? undefined : this.#leaseOf(budgetId, wallMs);
      return (
        found === undefined ||
        found.position.budget.action === "warn" ||
        found.lease.isKnown(micros, found.position.budget, nowMs)
      );
    });
  }

  #decide(demand: BudgetDemand, wallMs: number): BudgetDecision {
    return this.#take(demand, wallMs, (id) => this.#leaseOf(id, wallMs)?.lease.room());
  }

  #reserveAlone(demand: BudgetDemand, wallMs: number): BudgetDecision {
    this.#parts.onDecision("local");
    return this.#take(demand, wallMs, (id) => {
      const found = this.#leaseOf(id, wallMs);
      if (found === undefined) return undefined;
      const { budget, use } = found.position;
      return found.lease.share(budget, use.spentMicros, this.#parts.replicas());
    });
  }

  #take(
    demand: BudgetDemand,
    wallMs: number,
    roomOf: (budgetId: string) => BudgetRoom | undefined,
  ): BudgetDecision {
    const { verdict, hold } = this.#parts.table.reserve(demand, wallMs, roomOf);
    if (hold === undefined) return { verdict, hold };
    const nowMs = this.#parts.nowMs();
    const open = demand.integrations.filter(({ integration }) => !verdict.closed.includes(integration));
    const taken = [...demand.required, ...open.flatMap(({ reservations }) => reservations)].flatMap(
      ({ budgetId, micros }): readonly Taken[] => {
        const lease = this.#leaseOf(budgetId, wallMs)?.lease;
        if (lease === undefined) return [];
        lease.take(micros, nowMs);
        if (lease.isLow(nowMs, this.#parts.replicas())) this.#due.add(budgetId);
        return [{ lease, budgetId, micros, unspent: micros }];
      },
    );
    if (this.#due.size > 0 && !this.#isSuspect) this.#askSoon();
    return { verdict, hold: this.#hold(hold, taken) };
  }

  #hold(counted: BudgetHold, taken: readonly Taken[]): BudgetHold {
    const state = { isOver: false };
    return {
      settle: (attemptId, charges) => {
        counted.settle(attemptId, charges);
        for (const charge of charges) this.#spend(charge, taken);
      },
      release() {
        if (state.isOver) return;
        state.isOver = true;
        counted.release();
        for (const { lease, micros } of taken) lease.release(micros);
      },
    };
  }

  #spend({ budgetId, periodStartMs, micros }: BudgetCharge, taken: readonly Taken[]): void {
    const lease = this.#leaseOf(budgetId, this.#parts.wallMs())?.lease;
    if (lease?.periodStartMs !== periodStartMs) return;
    const own = taken.find((each) => each.lease === lease);
    const ofReservation = Math.min(micros, own?.unspent ?? 0);
    if (own !== undefined) own.unspent -= ofReservation;
    lease.spend(micros, ofReservation, this.#parts.nowMs());
  }

  /** What comes in one turn goes in one exchange, and one follows another. */
  #askSoon(): void {
    this.#asking ??= Promise.resolve().then(() => this.#ask());
  }

  async #ask(): Promise<void> {
    const asked = this.#collect();
    const { exchange, isUp, deadlineMs, nowMs } = this.#parts;
    try {
      if (asked.length > 0) {
        const asks = asked.map(({ ask }) => ask);
        // While they are up a call may join those that wait at any time.
        const answers = await exchange(asks, isUp() ? deadlineMs : idleDeadlineMs);
        this.#isSuspect = false;
        for (const [at, { lease }] of asked.entries()) {
          const answer = answers[at];
          if (answer === undefined) lease.onFailure();
          else lease.onAnswer(answer, nowMs());
        }
      }
      this.#settle();
      for (const { lease, ask } of asked) if (lease.giveBack(nowMs())) this.#due.add(ask.budgetId);
    } catch {
      // The link has noted it. Nobody waits for another try.
      this.#isSuspect = true;
      for (const { lease } of asked) lease.onFailure();
      this.#settleAlone();
    }
    this.#asking = undefined;
    const isWanted = this.#waiting.length > 0 || this.#due.size > 0;
    if (isWanted && isUp() && !this.#isSuspect) this.#askSoon();
  }

  #collect(): readonly Asked[] {
    const wallMs = this.#parts.wallMs();
    const wanted = new Set<string>();
    for (const each of this.#waiting) {
      // The others go with the next one.
      if (wanted.size >= mostAsks) break;
      const { demand } = each;
      each.hasAsked = true;
      for (const { budgetId, micros } of reservationsOf(demand)) {
        this.#leaseOf(budgetId, wallMs)?.lease.wish(micros);
        wanted.add(budgetId);
      }
    }
    const asked = [...wanted].flatMap((budgetId) => this.#askOf(budgetId, wallMs));
    for (const budgetId of this.#due) {
      if (asked.length >= mostAsks) break;
      this.#due.delete(budgetId);
      if (!wanted.has(budgetId)) asked.push(...this.#askOf(budgetId, wallMs));
    }
    return asked;
  }

  #askOf(budgetId: string, wallMs: number): readonly Asked[] {
    const found = this.#leaseOf(budgetId, wallMs);
    if (found === undefined) return [];
    const { lease, position } = found;
    const { budget, use, unrecordedMicros: unrecorded } = position;
    const facts = { budget, unrecorded, recorded: use.spentMicros - unrecorded };
    const ask = lease.toAsk(facts, {
      nowMs: this.#parts.nowMs(),
      replicas: this.#parts.replicas(),
      refreshMs: Math.max(refreshMs, this.#leases.size * refreshEachMs),
    });
    return ask === undefined ? [] : [{ lease, ask }];
  }

  /**
   * Decides for those that waited. Who came while the exchange was under way, and lacks something that may be there, waits
   * for the next one, which asks for it.
   */
  #settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const wallMs = this.#parts.wallMs();
    for (const each of waiting) {
      const { demand, hasAsked, resolve } = each;
      if (!hasAsked && !this.#isKnown(demand, wallMs)) {
        this.#waiting.push(each);
        continue;
      }
      this.#parts.onDecision("exchange");
      resolve(this.#decide(demand, wallMs));
    }
  }

  #settleAlone(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const wallMs = this.#parts.wallMs();
    for (const { demand, resolve } of waiting) resolve(this.#reserveAlone(demand, wallMs));
  }
}

function reservationsOf({ required, integrations }: BudgetDemand): readonly BudgetReservation[] {
  if (integrations.length === 0) return required;
  return [...required, ...integrations.flatMap(({ reservations }) => reservations)];
}

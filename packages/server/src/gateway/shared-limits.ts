import { type Recall, SlotLeases } from "../core/slot-leases.ts";
import type { LimitCounter, LimitDecision, LimitDemand, LimitHold } from "../core/limits.ts";
import { type CallLimits, type LimitedCall, overloaded, takeOf } from "./call-limits.ts";
import type { HoldReport, LimitAnswer, LimitAsk } from "./leased-limits.ts";

export interface SharedLimitsParts<Holder> {
  readonly maxInFlight: number;
  readonly counter: LimitCounter;
  /** Processes that share the limits, this one apart. */
  readonly holders: number;
  lend(holder: Holder, slots: number): void;
  recall(holder: Holder, recall: Recall): void;
  /** Sends answers that were found in one turn. */
  answer(holder: Holder, answers: readonly LimitAnswer[]): void;
  /** Monotonic. */
  nowMs(): number;
  after(delayMs: number, action: () => void): void;
}

/** Who does not answer a recall in this time has nothing to spare. */
const roundLimitMs = 1_000;
/** Of the limit, the part that goes to one process at once, divided by the number of processes. */
const chunkShare = 0.25;

/** The limits as the process that keeps them has them: for its own calls, and for those of others that ask. */
export class SharedLimits<Holder> implements CallLimits {
  readonly #parts: SharedLimitsParts<Holder>;
  readonly #leases: SlotLeases<Holder>;
  /** What calls of other processes hold of their limits, by the ids of their asks. */
  readonly #holds = new Map<Holder, Map<number, LimitHold>>();
  readonly #outgoing = new Map<Holder, LimitAnswer[]>();
  #timedRound = 0;
  #onRoom: () => void = () => undefined;

  constructor(parts: SharedLimitsParts<Holder>) {
    this.#parts = parts;
    this.#leases = new SlotLeases({
      limit: parts.maxInFlight,
      chunk: Math.floor((parts.maxInFlight * chunkShare) / Math.max(1, parts.holders)),
      lend: (holder, slots) => parts.lend(holder, slots),
      recall: (holder, recall) => {
        this.#limitRound(recall.round);
        parts.recall(holder, recall);
      },
      onRoom: () => this.#onRoom(),
    });
  }

  enter(call: LimitedCall, demand: LimitDemand | undefined): Promise<void> | undefined {
    if (this.#leases.take()) return this.#charge(call, demand);
    return new Promise((resolve, reject) => {
      this.#leases.ask(undefined, (isGranted) => {
        try {
          if (!isGranted) throw overloaded(call, this.#parts.maxInFlight);
          resolve(this.#charge(call, demand));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  leave(call: LimitedCall): void {
    call.hold?.settle(call.usedTokens, this.#parts.nowMs());
    this.#leases.putBack();
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  onAsks(holder: Holder, asks: readonly LimitAsk[]): void {
    for (const ask of asks) {
      if (ask.needsSlot)
        this.#leases.ask(holder, (isGranted) => this.#answer(holder, ask, isGranted ? "lent" : "refused"));
      else this.#answer(holder, ask, "not_needed");
    }
  }

  onReports(holder: Holder, reports: readonly HoldReport[]): void {
    const holds = this.#holds.get(holder);
    for (const report of reports) {
      const hold = holds?.get(report.id);
      if (report.type === "spent") hold?.spend?.(report.attemptId, report.charges);
      else {
        hold?.settle(report.usedTokens, this.#parts.nowMs());
        holds?.delete(report.id);
      }
    }
  }

  onReturned(holder: Holder, slots: number, round: number): void {
    this.#leases.onReturned(holder, slots, round);
  }

  onGivenUp(holder: Holder): void {
    this.#leases.onGivenUp(holder);
  }

  /** A process is gone, and its calls with it. */
  drop(holder: Holder): void {
    this.#outgoing.delete(holder);
    // What its calls used is not known any more: what was estimated stands.
    for (const hold of this.#holds.get(holder)?.values() ?? []) hold.settle(undefined, this.#parts.nowMs());
    this.#holds.delete(holder);
    this.#leases.drop(holder);
  }

  /** Does, and throws, what `takeOf` does, after giving the place back of a call that is refused. */
  #charge(call: LimitedCall, demand: LimitDemand | undefined): Promise<void> | undefined {
    if (demand === undefined) return undefined;
    const giveUp = (error: unknown): never => {
      this.#leases.putBack();
      throw error;
    };
    try {
      return takeOf(this.#parts.counter, call, { demand, nowMs: this.#parts.nowMs() })?.catch(giveUp);
    } catch (error) {
      return giveUp(error);
    }
  }

  #answer(holder: Holder, { id, demand }: LimitAsk, slot: "lent" | "refused" | "not_needed"): void {
    const isLent = slot === "lent";
    if (slot === "refused" || demand === undefined) {
      this.#send(holder, { id, isLent, verdict: undefined });
      return;
    }
    const holds = this.#holdsOf(holder);
    const decision = this.#parts.counter.take(demand, this.#parts.nowMs());
    const settle = ({ verdict, hold }: LimitDecision): void => {
      if (this.#holds.get(holder) !== holds) {
        // The process has gone meanwhile, and its call with it.
        hold?.settle(0, this.#parts.nowMs());
        return;
      }
      if (hold !== undefined) holds.set(id, hold);
      this.#send(holder, { id, isLent, verdict });
    };
    if (decision instanceof Promise) void decision.then(settle);
    else settle(decision);
  }

  #send(holder: Holder, answer: LimitAnswer): void {
    const answers = this.#outgoing.get(holder) ?? [];
    answers.push(answer);
    if (answers.length > 1) return;
    this.#outgoing.set(holder, answers);
    queueMicrotask(() => {
      if (this.#outgoing.get(holder) !== answers) return;
      this.#outgoing.delete(holder);
      this.#parts.answer(holder, answers);
    });
  }

  #holdsOf(holder: Holder): Map<number, LimitHold> {
    const known = this.#holds.get(holder);
    if (known !== undefined) return known;
    const made = new Map<number, LimitHold>();
    this.#holds.set(holder, made);
    return made;
  }

  #limitRound(round: number): void {
    if (round === this.#timedRound) return;
    this.#timedRound = round;
    this.#parts.after(roundLimitMs, () => this.#leases.endRound(round));
  }
}

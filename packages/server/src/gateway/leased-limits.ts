import { type PlatformError, toPlatformError } from "@llm-platform/kit";
import type { BudgetCharge } from "../core/budgets.ts";
import type { Recall } from "../core/slot-leases.ts";
import type { LimitDemand, LimitVerdict } from "../core/limits.ts";
import { applyVerdict, type CallLimits, type LimitedCall, overloaded } from "./call-limits.ts";

/** What a process asks of the one that keeps the limits, for one call. */
export interface LimitAsk {
  readonly id: number;
  readonly needsSlot: boolean;
  /** What the call wants of its limits; undefined when it has none. */
  readonly demand: LimitDemand | undefined;
}

export interface LimitAnswer {
  readonly id: number;
  /** Whether a slot was lent; false too when none was needed. */
  readonly isLent: boolean;
  /** What the call's limits said; undefined when they were not asked, as when no slot was to be had. */
  readonly verdict: LimitVerdict | undefined;
}

/** What became of a call that was let in by an answer; `id` is the ask's. */
export type HoldReport =
  /** An attempt of it cost something. */
  | {
      readonly type: "spent";
      readonly id: number;
      readonly attemptId: string;
      readonly charges: readonly BudgetCharge[];
    }
  | { readonly type: "ended"; readonly id: number; readonly usedTokens: number | undefined };

export interface LeasedLimitsParts {
  readonly maxInFlight: number;
  /** Sends asks that came in one turn. Each is answered once. */
  ask(asks: readonly LimitAsk[]): void;
  /** Tells what became of calls in one turn: of each that limits let in the end, once. */
  report(reports: readonly HoldReport[]): void;
  /** Answers a recall. */
  giveBack(slots: number, round: number): void;
  /** Gives back a slot that was owed. */
  giveUp(): void;
}

interface Waiting {
  readonly call: LimitedCall;
  readonly ask: LimitAsk;
  resolve(): void;
  reject(error: PlatformError): void;
  /** It found a slot while it waited; one that comes for it is another's. */
  isServed: boolean;
}

/**
 * The limits as one of several processes has them: slots that it was lent and does not use let a call in at once;
 * without one, and for every call that has a limit, it asks.
 */
export class LeasedLimits implements CallLimits {
  readonly #parts: LeasedLimitsParts;
  readonly #waiting = new Map<number, Waiting>();
  /** Those of `#waiting` that a slot alone would let in, oldest first. */
  #inLine: Waiting[] = [];
  #outgoing: LimitAsk[] = [];
  #reports: HoldReport[] = [];
  #unused = 0;
  /** Whether the next slot that comes free goes to a process that has fewer. */
  #isOwing = false;
  #onRoom: () => void = () => undefined;
  #lastId = 0;

  constructor(parts: LeasedLimitsParts) {
    this.#parts = parts;
  }

  enter(call: LimitedCall, demand: LimitDemand | undefined): Promise<void> | undefined {
    const hasSlot = this.#unused > 0;
    if (hasSlot) this.#unused--;
    if (hasSlot && demand === undefined) return undefined;
    return new Promise((resolve, reject) =>
      this.#ask({ call, demand, needsSlot: !hasSlot, resolve, reject }),
    );
  }

  leave(call: LimitedCall): void {
    call.hold?.settle(call.usedTokens, 0);
    if (this.#isOwing) {
      this.#isOwing = false;
      this.#parts.giveUp();
      return;
    }
    this.#unused++;
    this.#serveLine();
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  /** Slots that came unasked. */
  lend(slots: number): void {
    this.#unused += slots;
    this.#serveLine();
    if (this.#unused > 0) this.#onRoom();
  }

  /** Gives back what is asked for, or half of what is unused if that is more: who had to ask will ask again. */
  recall({ slots, round, isOwing }: Recall): void {
    this.#isOwing = isOwing && this.#unused === 0;
    const back = Math.min(this.#unused, Math.max(slots, Math.ceil(this.#unused / 2)));
    this.#unused -= back;
    this.#parts.giveBack(back, round);
  }

  answer({ id, isLent, verdict }: LimitAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting === undefined) return;
    if (isLent) this.#unused++;
    if (!waiting.isServed) this.#settle(waiting, isLent, verdict);
    this.#serveLine();
  }

  #ask(input: Pick<Waiting, "call" | "resolve" | "reject"> & Pick<LimitAsk, "needsSlot" | "demand">): void {
    const { call, needsSlot, demand, resolve, reject } = input;
    const ask = { id: ++this.#lastId, needsSlot, demand };
    const waiting = { call, ask, resolve, reject, isServed: false };
    this.#waiting.set(ask.id, waiting);
    if (needsSlot && demand === undefined) this.#inLine.push(waiting);
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#send());
    this.#outgoing.push(ask);
  }

  #send(): void {
    const asks = this.#outgoing;
    this.#outgoing = [];
    this.#parts.ask(asks);
  }

  #settle(waiting: Waiting, isLent: boolean, verdict: LimitVerdict | undefined): void {
    const { call, ask, resolve, reject } = waiting;
    waiting.isServed = true;
    if (ask.needsSlot) {
      if (this.#unused === 0) {
        reject(overloaded(call, this.#parts.maxInFlight));
        return;
      }
      this.#unused--;
      if (!isLent && ask.demand !== undefined) {
        // It was refused a slot, but one came free here: its limits are still to be asked.
        this.#ask({ call, demand: ask.demand, needsSlot: false, resolve, reject });
        return;
      }
    }
    try {
      if (verdict !== undefined) this.#apply(waiting, verdict);
      resolve();
    } catch (error) {
      this.#unused++;
      reject(toPlatformError(error));
    }
  }

  #apply({ call, ask: { id } }: Waiting, verdict: LimitVerdict): void {
    applyVerdict(call, verdict);
    call.hold = {
      settle: (usedTokens) => this.#reportLater({ type: "ended", id, usedTokens }),
      spend: (attemptId, charges) => this.#reportLater({ type: "spent", id, attemptId, charges }),
    };
  }

  #reportLater(report: HoldReport): void {
    if (this.#reports.length === 0) queueMicrotask(() => this.#tellReports());
    this.#reports.push(report);
  }

  #tellReports(): void {
    const reports = this.#reports;
    this.#reports = [];
    this.#parts.report(reports);
  }

  #serveLine(): void {
    while (this.#unused > 0) {
      const waiting = this.#inLine.shift();
      if (waiting === undefined) return;
      if (waiting.isServed) continue;
      this.#unused--;
      waiting.isServed = true;
      waiting.resolve();
    }
  }
}

import { type PlatformError, toPlatformError } from "@llm-platform/kit";
import type { BucketVerdict } from "../core/token-bucket.ts";
import { applyVerdict, type CallLimits, type LimitedCall, overloaded } from "./call-limits.ts";

/** What a process asks of the one that keeps the limits, for one call. */
export interface LimitAsk {
  readonly id: number;
  readonly needsSlot: boolean;
  /** The key whose bucket is to be asked; undefined when it has none. */
  readonly key: string | undefined;
  readonly perMinute: number;
}

export interface LimitAnswer {
  readonly id: number;
  /** Whether a slot was lent; false too when none was needed. */
  readonly isLent: boolean;
  /** What the key's bucket said; undefined when it was not asked, as when no slot was to be had. */
  readonly verdict: BucketVerdict | undefined;
}

export interface LeasedLimitsParts {
  readonly maxInFlight: number;
  /** Sends asks that came in one turn. Each is answered once. */
  ask(asks: readonly LimitAsk[]): void;
  /** Answers a recall. */
  giveBack(slots: number, round: number): void;
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
 * without one, and for every call of a key with a limit, it asks.
 */
export class LeasedLimits implements CallLimits {
  readonly #parts: LeasedLimitsParts;
  readonly #waiting = new Map<number, Waiting>();
  /** Those of `#waiting` that a slot alone would let in, oldest first. */
  #inLine: Waiting[] = [];
  #outgoing: LimitAsk[] = [];
  #unused = 0;
  #lastId = 0;

  constructor(parts: LeasedLimitsParts) {
    this.#parts = parts;
  }

  enter(call: LimitedCall): Promise<void> | undefined {
    const isLimited = call.principal.requestsPerMinute !== undefined;
    const hasSlot = this.#unused > 0;
    if (hasSlot) this.#unused--;
    if (hasSlot && !isLimited) return undefined;
    return new Promise((resolve, reject) => this.#ask({ call, needsSlot: !hasSlot, resolve, reject }));
  }

  leave(): void {
    this.#unused++;
    this.#serveLine();
  }

  /** Slots that came unasked. */
  lend(slots: number): void {
    this.#unused += slots;
    this.#serveLine();
  }

  /** Gives back what is asked for, or half of what is unused if that is more: who had to ask will ask again. */
  recall(slots: number, round: number): void {
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

  #ask(input: Pick<Waiting, "call" | "resolve" | "reject"> & { readonly needsSlot: boolean }): void {
    const { call, needsSlot, resolve, reject } = input;
    const { id, requestsPerMinute } = call.principal;
    const key = requestsPerMinute === undefined ? undefined : id;
    const ask = { id: ++this.#lastId, needsSlot, key, perMinute: requestsPerMinute ?? 0 };
    const waiting = { call, ask, resolve, reject, isServed: false };
    this.#waiting.set(ask.id, waiting);
    if (needsSlot && key === undefined) this.#inLine.push(waiting);
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#send());
    this.#outgoing.push(ask);
  }

  #send(): void {
    const asks = this.#outgoing;
    this.#outgoing = [];
    this.#parts.ask(asks);
  }

  #settle(waiting: Waiting, isLent: boolean, verdict: BucketVerdict | undefined): void {
    const { call, ask, resolve, reject } = waiting;
    waiting.isServed = true;
    if (ask.needsSlot) {
      if (this.#unused === 0) {
        reject(overloaded(this.#parts.maxInFlight));
        return;
      }
      this.#unused--;
      if (!isLent && ask.key !== undefined) {
        // It was refused a slot, but one came free here: its key is still to be asked.
        this.#ask({ call, needsSlot: false, resolve, reject });
        return;
      }
    }
    try {
      if (verdict !== undefined) applyVerdict(call, verdict);
      resolve();
    } catch (error) {
      this.#unused++;
      reject(toPlatformError(error));
    }
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

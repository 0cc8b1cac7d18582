import { SlotLeases } from "../core/slot-leases.ts";
import { applyVerdict, type CallLimits, KeyBuckets, type LimitedCall, overloaded } from "./call-limits.ts";
import type { LimitAnswer, LimitAsk } from "./leased-limits.ts";

export interface SharedLimitsParts<Holder> {
  readonly maxInFlight: number;
  /** Processes that share the limits, this one apart. */
  readonly holders: number;
  lend(holder: Holder, slots: number): void;
  recall(holder: Holder, slots: number, round: number): void;
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
  readonly #buckets = new KeyBuckets();
  readonly #outgoing = new Map<Holder, LimitAnswer[]>();
  #timedRound = 0;

  constructor(parts: SharedLimitsParts<Holder>) {
    this.#parts = parts;
    this.#leases = new SlotLeases({
      limit: parts.maxInFlight,
      chunk: Math.floor((parts.maxInFlight * chunkShare) / Math.max(1, parts.holders)),
      lend: (holder, slots) => parts.lend(holder, slots),
      recall: (holder, slots, round) => {
        this.#limitRound(round);
        parts.recall(holder, slots, round);
      },
    });
  }

  enter(call: LimitedCall): Promise<void> | undefined {
    if (this.#leases.take()) {
      this.#charge(call);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      this.#leases.ask(undefined, (isGranted) => {
        try {
          if (!isGranted) throw overloaded(this.#parts.maxInFlight);
          this.#charge(call);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  leave(): void {
    this.#leases.putBack();
  }

  onAsks(holder: Holder, asks: readonly LimitAsk[]): void {
    for (const ask of asks) {
      if (ask.needsSlot)
        this.#leases.ask(holder, (isGranted) => this.#answer(holder, ask, isGranted ? "lent" : "refused"));
      else this.#answer(holder, ask, "not_needed");
    }
  }

  onReturned(holder: Holder, slots: number, round: number): void {
    this.#leases.onReturned(holder, slots, round);
  }

  /** A process is gone, and its calls with it. */
  drop(holder: Holder): void {
    this.#outgoing.delete(holder);
    this.#leases.drop(holder);
  }

  /** Throws PlatformError `rate_limited`, after giving the place back. */
  #charge(call: LimitedCall): void {
    const { id, requestsPerMinute } = call.principal;
    if (requestsPerMinute === undefined) return;
    try {
      applyVerdict(call, this.#buckets.take(id, requestsPerMinute, this.#parts.nowMs()));
    } catch (error) {
      this.#leases.putBack();
      throw error;
    }
  }

  #answer(holder: Holder, { id, key, perMinute }: LimitAsk, slot: "lent" | "refused" | "not_needed"): void {
    const verdict =
      slot === "refused" || key === undefined
        ? undefined
        : this.#buckets.take(key, perMinute, this.#parts.nowMs());
    const answers = this.#outgoing.get(holder) ?? [];
    answers.push({ id, isLent: slot === "lent", verdict });
    if (answers.length > 1) return;
    this.#outgoing.set(holder, answers);
    queueMicrotask(() => {
      if (this.#outgoing.get(holder) !== answers) return;
      this.#outgoing.delete(holder);
      this.#parts.answer(holder, answers);
    });
  }

  #limitRound(round: number): void {
    if (round === this.#timedRound) return;
    this.#timedRound = round;
    this.#parts.after(roundLimitMs, () => this.#leases.endRound(round));
  }
}

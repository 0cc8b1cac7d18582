import { type Cancellation, PlatformError } from "@llm-platform/kit";
import type { SchedulerClock } from "./scheduler-clock.ts";

/** A call that waits for its turn at a model. */
export interface Waiter<Turn> {
  readonly model: string;
  readonly tenant: string;
  readonly grant: (turn: Turn) => void;
  readonly refuse: (error: PlatformError) => void;
}

/** A call that is to wait. */
export interface WaitingCall {
  readonly model: string;
  /** Whose call it is: tenants take turns. */
  readonly tenant: string;
  readonly cancellation: Cancellation;
}

interface QueueParts {
  readonly clock: SchedulerClock;
  readonly maxLength: number;
  readonly maxWaitMs: number;
  /** Whether the model is being loaded: that time is bounded by itself and no fault of the queue. */
  isLoading(model: string): boolean;
  /** Called when a call waits no longer, and got no turn. */
  onLeft(): void;
}

/** Calls that wait, bounded in number and in time. For each model tenants take turns, and each one's calls are in order. */
export class CallQueue<Turn> {
  readonly #parts: QueueParts;
  readonly #waiters: Waiter<Turn>[] = [];
  /** The order in which tenants got their last turn. */
  readonly #served = new Map<string, number>();
  #turns = 0;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** Calls that wait for a model. */
  countFor(model: string): number {
    return this.#waiters.reduce((count, waiter) => count + Number(waiter.model === model), 0);
  }

  /** Models that somebody waits for, in the order of their first waiter. */
  get models(): readonly string[] {
    return [...new Set(this.#waiters.map((waiter) => waiter.model))];
  }

  /** Waits. Rejects with PlatformError `overloaded` (full, or waited too long), or the cancellation's reason. */
  async wait({ model, tenant, cancellation }: WaitingCall): Promise<Turn> {
    const { clock, maxLength, maxWaitMs } = this.#parts;
    if (this.#waiters.length >= maxLength) throw busy(model, "its queue is full", maxWaitMs);
    const { promise, resolve, reject } = Promise.withResolvers<Turn>();
    let disarm = (): void => undefined;
    const settle = (): void => {
      disarm();
      cancellation.offCancel(waiter.refuse);
      const at = this.#waiters.indexOf(waiter);
      if (at >= 0) this.#waiters.splice(at, 1);
      if (this.#waiters.length === 0) this.#served.clear();
    };
    const waiter: Waiter<Turn> = {
      model,
      tenant,
      grant: (turn) => {
        this.#turns += 1;
        this.#served.set(tenant, this.#turns);
        settle();
        resolve(turn);
      },
      refuse: (error) => {
        settle();
        reject(error);
        this.#parts.onLeft();
      },
    };
    const arm = (): void => {
      disarm = clock.after(maxWaitMs, () => {
        if (this.#parts.isLoading(model)) arm();
        else waiter.refuse(busy(model, `a call waited for ${Math.round(maxWaitMs / 1000)} s`, maxWaitMs));
      });
    };
    this.#waiters.push(waiter);
    arm();
    cancellation.onCancel(waiter.refuse);
    return await promise;
  }

  /** Whose turn is next at a model: the call that waits longest, of the tenant that had its last turn longest ago. */
  first(model: string): Waiter<Turn> | undefined {
    let next: Waiter<Turn> | undefined;
    let nextServed = Number.POSITIVE_INFINITY;
    for (const waiter of this.#waiters) {
      const served = this.#served.get(waiter.tenant) ?? 0;
      if (waiter.model !== model || served >= nextServed) continue;
      next = waiter;
      nextServed = served;
    }
    return next;
  }

  /** Refuses all that wait, or all that wait for one model. */
  refuseAll(error: PlatformError, model?: string): void {
    const refused = this.#waiters.filter((waiter) => model === undefined || waiter.model === model);
    for (const waiter of refused) waiter.refuse(error);
  }
}

function busy(model: string, why: string, retryAfterMs: number): PlatformError {
  return new PlatformError("overloaded", `The model '${model}' is busy: ${why}. Try again later.`, {
    retryAfterMs,
  });
}

import { type Cancellation, PlatformError } from "@llm-platform/kit";
import type { SchedulerClock } from "./scheduler-clock.ts";

/** A call that waits for its turn at a model. */
export interface Waiter<Turn> {
  readonly model: string;
  readonly grant: (turn: Turn) => void;
  readonly refuse: (error: PlatformError) => void;
}

interface QueueParts {
  readonly clock: SchedulerClock;
  readonly maxLength: number;
  readonly maxWaitMs: number;
  /** Whether the model is being loaded: that time is bounded by itself and no fault of the queue. */
  isLoading(model: string): boolean;
}

/** Calls that wait, bounded in number and in time, first come first served for each model. */
export class CallQueue<Turn> {
  readonly #parts: QueueParts;
  readonly #waiters: Waiter<Turn>[] = [];

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** Models that somebody waits for, in the order of their first waiter. */
  get models(): readonly string[] {
    return [...new Set(this.#waiters.map((waiter) => waiter.model))];
  }

  /** Waits. Rejects with PlatformError `overloaded` (full, or waited too long), or the cancellation's reason. */
  async wait(model: string, cancellation: Cancellation): Promise<Turn> {
    const { clock, maxLength, maxWaitMs } = this.#parts;
    if (this.#waiters.length >= maxLength) throw busy(model, "its queue is full", maxWaitMs);
    const { promise, resolve, reject } = Promise.withResolvers<Turn>();
    let disarm = (): void => undefined;
    const settle = (): void => {
      disarm();
      cancellation.offCancel(waiter.refuse);
      const at = this.#waiters.indexOf(waiter);
      if (at >= 0) this.#waiters.splice(at, 1);
    };
    const waiter: Waiter<Turn> = {
      model,
      grant(turn) {
        settle();
        resolve(turn);
      },
      refuse(error) {
        settle();
        reject(error);
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

  /** The one that waits longest for a model. */
  first(model: string): Waiter<Turn> | undefined {
    return this.#waiters.find((waiter) => waiter.model === model);
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

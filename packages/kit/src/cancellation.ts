import type { PlatformError } from "./errors.ts";

/** Hears of a cancellation: a function, or an object of which a call has one anyway. */
export type CancelListener = ((reason: PlatformError) => void) | CancelObserver;

export interface CancelObserver {
  onCancel(reason: PlatformError): void;
}

/**
 * A one-way switch that ends a call: thrown by a client's abort, a deadline or a shutdown.
 *
 * It does the work of an AbortSignal at a fraction of its cost per call, and hands out
 * a real `signal` to whoever asks for one.
 */
export class Cancellation {
  #reason: PlatformError | undefined;
  /** Most calls have one listener: a list is made for the second. */
  #listener: CancelListener | undefined;
  #listeners: CancelListener[] | undefined;
  #controller: AbortController | undefined;

  /** Why the call was cancelled, or undefined while it goes on. */
  get reason(): PlatformError | undefined {
    return this.#reason;
  }

  /** An AbortSignal that follows this switch. Made on first use. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Cancels once; later calls change nothing. Listeners run in the order they were added. */
  cancel(reason: PlatformError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const first = this.#listener;
    const listeners = this.#listeners;
    this.#listener = undefined;
    this.#listeners = undefined;
    if (first !== undefined) tell(first, reason);
    if (listeners !== undefined) for (const listener of listeners) tell(listener, reason);
    this.#controller?.abort(reason);
  }

  /** Calls `listener` when cancelled; at once when that has already happened. */
  onCancel(listener: CancelListener): void {
    if (this.#reason !== undefined) {
      tell(listener, this.#reason);
      return;
    }
    if (this.#listener === undefined && this.#listeners === undefined) this.#listener = listener;
    else (this.#listeners ??= []).push(listener);
  }

  /** Forgets a listener given to `onCancel`. */
  offCancel(listener: CancelListener): void {
    if (this.#listener === listener) {
      this.#listener = undefined;
      return;
    }
    const index = this.#listeners?.indexOf(listener) ?? -1;
    if (index >= 0) this.#listeners?.splice(index, 1);
  }
}

function tell(listener: CancelListener, reason: PlatformError): void {
  if (typeof listener === "function") listener(reason);
  else listener.onCancel(reason);
}

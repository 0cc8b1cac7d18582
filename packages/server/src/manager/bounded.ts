import { PlatformError } from "@llm-platform/kit";
import type { Clock } from "./ports.ts";

export interface BoundedInput<Value> {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Who is to blame when it hangs, e.g. `ollama: start`. */
  readonly what: string;
  /** Gives the step up early; one that has aborted already gives it up as soon as it has begun. */
  readonly signal?: AbortSignal;
  run(signal: AbortSignal): Promise<Value>;
  /** Called when `run` returns, well or badly, after it was given up. */
  onLate?(outcome: PromiseSettledResult<Value>): void;
}

/**
 * Runs one step of an integration and waits no longer than its limit.
 *
 * Rejects with PlatformError `unavailable` that names the step when it hangs, with the reason of `signal`
 * when that aborts first, and with what the step threw. In the first two the step's own signal is aborted.
 */
export function runBounded<Value>(input: BoundedInput<Value>): Promise<Value> {
  const { clock, limitMs, what, signal } = input;
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    let isOver = false;
    const finish = (settle: () => void): boolean => {
      if (isOver) return false;
      isOver = true;
      cancelTimer();
      signal?.removeEventListener("abort", onAbort);
      settle();
      return true;
    };
    const giveUp = (reason: unknown): void => {
      if (finish(() => reject(reason))) controller.abort(reason);
    };
    const onAbort = (): void => giveUp(signal?.reason);
    const cancelTimer = clock.after(limitMs, () => giveUp(hangError(what, limitMs)));
    signal?.addEventListener("abort", onAbort, { once: true });
    runSafely(input, controller.signal).then(
      (value) => {
        if (!finish(() => resolve(value))) input.onLate?.({ status: "fulfilled", value });
      },
      (reason) => {
        if (!finish(() => reject(reason))) input.onLate?.({ status: "rejected", reason });
      },
    );
    if (signal?.aborted === true) onAbort();
  });
}

/** Turns what `run` throws before its first await into a rejection, too. */
async function runSafely<Value>(input: BoundedInput<Value>, signal: AbortSignal): Promise<Value> {
  return input.run(signal);
}

function hangError(what: string, limitMs: number): PlatformError {
  return new PlatformError("unavailable", `${what} did not return within ${formatSeconds(limitMs)}`, {
    isRetryable: true,
  });
}

function formatSeconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

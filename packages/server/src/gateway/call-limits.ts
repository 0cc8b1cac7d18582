import { PlatformError } from "@llm-platform/kit";
import type { Principal } from "../core/principal.ts";
import { type BucketVerdict, TokenBucket } from "../core/token-bucket.ts";

/** What limits look at in a call. */
export interface LimitedCall {
  readonly principal: Principal;
  /** Monotonic. */
  readonly startedAtMs: number;
  /** The caller's limit as this call found it; left alone where it has none. */
  limit: BucketVerdict | undefined;
}

/** How many calls may be in flight, and how many each key may make. */
export interface CallLimits {
  /**
   * Takes a place for a call: undefined when it has one, a promise when that has to be asked for.
   * Throws, or rejects with, PlatformError `overloaded` or `rate_limited`; then no place was taken.
   */
  enter(call: LimitedCall): Promise<void> | undefined;
  /** Gives the place of one call back. */
  leave(): void;
}

/** The limits of one process. */
export function createLocalLimits(maxInFlight: number): CallLimits {
  const buckets = new KeyBuckets();
  let inFlight = 0;
  return {
    enter(call) {
      if (inFlight >= maxInFlight) throw overloaded(maxInFlight);
      buckets.charge(call);
      inFlight++;
      return undefined;
    },
    leave() {
      inFlight--;
    },
  };
}

/** A bucket for each key that has a limit. */
export class KeyBuckets {
  readonly #buckets = new Map<string, TokenBucket>();

  /** Takes one call of a key when there is one. */
  take(id: string, perMinute: number, nowMs: number): BucketVerdict {
    let bucket = this.#buckets.get(id);
    if (bucket === undefined) {
      bucket = new TokenBucket(perMinute, nowMs);
      this.#buckets.set(id, bucket);
    }
    return bucket.take(nowMs);
  }

  /** Throws PlatformError `rate_limited` when the key of a call has none left. */
  charge(call: LimitedCall): void {
    const { id, requestsPerMinute } = call.principal;
    if (requestsPerMinute === undefined) return;
    applyVerdict(call, this.take(id, requestsPerMinute, call.startedAtMs));
  }
}

/** Notes in a call what its key's bucket said. Throws PlatformError `rate_limited`. */
export function applyVerdict(call: LimitedCall, verdict: BucketVerdict): void {
  call.limit = verdict;
  if (verdict.isAllowed) return;
  const { name } = call.principal;
  throw new PlatformError(
    "rate_limited",
    `The key ${name} may make ${verdict.limit} calls a minute; they are used up.`,
    { retryAfterMs: verdict.retryAfterMs },
  );
}

export function overloaded(maxInFlight: number): PlatformError {
  return new PlatformError("overloaded", `The server is at its limit of ${maxInFlight} calls at once.`, {
    retryAfterMs: 1_000,
  });
}

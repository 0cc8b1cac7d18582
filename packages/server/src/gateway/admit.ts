import { PlatformError } from "@llm-platform/kit";
import { Roster } from "../core/roster.ts";
import { TokenBucket } from "../core/token-bucket.ts";
import type { NumberSeries } from "../telemetry/registry.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { Stage } from "./stage.ts";

export interface AdmitParts {
  readonly maxInFlight: number;
  readonly gauge: NumberSeries;
}

/** Lets calls in, or says why not. */
export interface Admission {
  readonly stage: Stage;
  readonly inFlight: number;
  /** Refuses every further call with `shutting_down`. */
  close(): void;
  /** Ends the calls in flight. */
  cancelAll(reason: PlatformError): void;
}

/** Bounds calls at once over all callers, and calls a minute per key. */
export function createAdmission({ maxInFlight, gauge }: AdmitParts): Admission {
  const active = new Roster<GatewayCall>();
  const buckets = new Map<string, TokenBucket>();
  const state = { isClosed: false };

  function takeFromBucket(call: GatewayCall): void {
    const { name, requestsPerMinute } = call.principal;
    if (requestsPerMinute === undefined) return;
    let bucket = buckets.get(name);
    if (bucket === undefined) {
      bucket = new TokenBucket(requestsPerMinute, call.startedAtMs);
      buckets.set(name, bucket);
    }
    const verdict = bucket.take(call.startedAtMs);
    call.limit = verdict;
    if (verdict.isAllowed) return;
    throw new PlatformError(
      "rate_limited",
      `The key ${name} may make ${requestsPerMinute} calls a minute; they are used up.`,
      {
        retryAfterMs: verdict.retryAfterMs,
      },
    );
  }

  return {
    stage: (next) => (call) => {
      if (state.isClosed)
        return Promise.reject(
          new PlatformError("shutting_down", "The server is shutting down.", { retryAfterMs: 1_000 }),
        );
      if (active.size >= maxInFlight) {
        return Promise.reject(
          new PlatformError("overloaded", `The server is at its limit of ${maxInFlight} calls at once.`, {
            retryAfterMs: 1_000,
          }),
        );
      }
      try {
        takeFromBucket(call);
      } catch (error) {
        return Promise.reject(error);
      }
      active.add(call);
      gauge.set(active.size);
      call.onEnd(() => {
        active.delete(call);
        gauge.set(active.size);
      });
      return next(call);
    },
    get inFlight() {
      return active.size;
    },
    close() {
      state.isClosed = true;
    },
    cancelAll(reason) {
      for (const call of active.list()) call.cancellation.cancel(reason);
    },
  };
}

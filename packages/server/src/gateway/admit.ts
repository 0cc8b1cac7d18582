import { PlatformError, type Reply } from "@llm-platform/kit";
import type { LimitDemand } from "../core/limits.ts";
import { Roster } from "../core/roster.ts";
import type { NumberSeries } from "../telemetry/metric-family.ts";
import type { CallLimits } from "./call-limits.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { Chat, Stage } from "./stage.ts";

export interface AdmitParts {
  readonly limits: CallLimits;
  /** What a call wants of its limits; undefined for a call that has none. */
  demandOf(call: GatewayCall): LimitDemand | undefined;
  /** Why no call is taken now; undefined while calls are. */
  overload(): PlatformError | undefined;
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

/** Bounds calls at once over all callers, and what each scope may use. */
export function createAdmission({ limits, demandOf, overload, gauge }: AdmitParts): Admission {
  const active = new Roster<GatewayCall>();
  const state = { isClosed: false };

  function begin(call: GatewayCall, next: Chat): Promise<Reply> {
    active.add(call);
    gauge.set(active.size);
    call.admittedAtMs = performance.now();
    if (call.trace !== undefined) call.trace.admittedAtMs = call.admittedAtMs;
    call.onEnd(() => {
      active.delete(call);
      gauge.set(active.size);
      limits.leave(call);
    });
    return next(call);
  }

  /** Much may have happened while a place was asked for. */
  function beginLate(call: GatewayCall, next: Chat): Promise<Reply> {
    const refusal = state.isClosed ? shuttingDown() : call.cancellation.reason;
    if (refusal === undefined) return begin(call, next);
    limits.leave(call);
    return Promise.reject(refusal);
  }

  return {
    stage: (next) => (call) => {
      const refusal = state.isClosed ? shuttingDown() : overload();
      if (refusal !== undefined) return Promise.reject(refusal);
      try {
        const entering = limits.enter(call, demandOf(call));
        return entering === undefined ? begin(call, next) : entering.then(() => beginLate(call, next));
      } catch (error) {
        return Promise.reject(error);
      }
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

/** The refusal of calls that come when the server stops. */
export function shuttingDown(): PlatformError {
  return new PlatformError("shutting_down", "The server is shutting down.", { retryAfterMs: 1_000 });
}

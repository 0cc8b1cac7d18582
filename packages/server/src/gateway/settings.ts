import type { BreakerSettings } from "../core/breaker.ts";
import type { DearestRates } from "../core/cost.ts";
import type { AuditPolicy } from "../core/key-policy.ts";
import type { LimitSettings } from "./limit-plan.ts";
import type { QueueSettings } from "./queued-limits.ts";
import type { StartGuardParts } from "./start-overload-guard.ts";

/** What the gateway can be told. Times in milliseconds. */
export interface GatewaySettings {
  /** Of callers whose key says nothing. */
  readonly audit: AuditPolicy;
  /** Calls at once; one more is answered 503. */
  readonly maxInFlight: number;
  /** First byte of a streamed reply. */
  readonly firstByteTimeoutMs: number;
  /** A reply that is not a stream, whole. */
  readonly requestTimeoutMs: number;
  /** Silence in the middle of a stream. */
  readonly chunkTimeoutMs: number;
  /** A streamed call as a whole. */
  readonly totalTimeoutMs: number;
  /** Wait for the end marker after the last finish reason. */
  readonly finishGraceMs: number;
  /** A client that reads nothing for this long is let go. */
  readonly stuckClientTimeoutMs: number;
  /** Attempts beyond the first. */
  readonly maxRetries: number;
  readonly breaker: BreakerSettings;
  readonly limits: LimitSettings;
  /** What budgets take a model to cost whose price is not known; undefined for the dearest known price. */
  readonly unknownPrice: DearestRates | undefined;
  readonly queue: QueueSettings;
  readonly overload: StartGuardParts["settings"];
}

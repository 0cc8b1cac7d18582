import type { ErrorCode } from "@llm-platform/kit";
import type { InferenceSettings } from "../api/inference-parts.ts";
import type { IdentityNews, KeyHolder } from "../core/identity.ts";
import type { LedgerRecord } from "../core/ledger-record.ts";
import type { RefusedCall } from "../core/refused-call.ts";
import type { PriceEntry } from "../core/price-terms.ts";
import type { Recall } from "../core/slot-leases.ts";
import type { FailedAttempt } from "../gateway/failure-log.ts";
import type { HoldReport, LimitAnswer, LimitAsk } from "../gateway/leased-limits.ts";
import type { TrafficOutcome } from "../gateway/recorder.ts";
import type { GatewaySettings } from "../gateway/settings.ts";
import type { SpoolParts } from "../store/spool-port.ts";
import type { ConfiguredLogLevels, LogLevelOverride } from "../telemetry/log-levels.ts";
import type { ProcessFigures } from "../telemetry/process-metrics.ts";
import type { EncodedSpans } from "../telemetry/tracing/span.ts";
import type { ToldTracing } from "../telemetry/tracing/tracing.ts";
import type { FamilyData } from "../telemetry/registry.ts";
import type { RoutingData } from "./routing-data.ts";

// Both ends of the line are of one build, so messages are trusted to be of these types.

/** What every worker is told when it starts, as plain data. */
export interface WorkerSettings {
  readonly log: ConfiguredLogLevels & { readonly mostPerSecond: number };
  readonly gateway: GatewaySettings;
  /** Models whose calls are kept with their content, and are not served by a worker. */
  readonly contentModels: readonly string[];
  readonly inference: InferenceSettings;
  readonly spool: Pick<SpoolParts, "commitIntervalMs" | "sync">;
  /** Whether attempts are recorded. */
  readonly isRecording: boolean;
  readonly internal: InternalAddresses;
}

/** Where the first process serves what a worker does not. */
export interface InternalAddresses {
  /** Path of the socket for calls, one request after another. */
  readonly calls: string;
  /** Path of the socket for whole connections. */
  readonly connections: string;
}

/** From the first process to a worker. */
export type ToWorker =
  | {
      readonly type: "start";
      readonly number: number;
      readonly spoolDirectory: string;
      readonly settings: WorkerSettings;
      readonly data: RoutingData;
      readonly prices: readonly PriceEntry[];
      readonly hasUsers: boolean;
      readonly isAuditAccepting: boolean;
      /** Undefined while calls are not traced. */
      readonly tracing: ToldTracing | undefined;
      readonly logLevels: readonly LogLevelOverride[];
    }
  /** All that are set while the server runs. */
  | { readonly type: "log_levels"; readonly overrides: readonly LogLevelOverride[] }
  /** Whether the audit log can be written. */
  | { readonly type: "audit"; readonly isAccepting: boolean }
  /** How calls are traced from now on; undefined: not at all. */
  | { readonly type: "tracing"; readonly told: ToldTracing | undefined }
  | { readonly type: "data"; readonly data: RoutingData }
  /** All of them, when any was changed. */
  | { readonly type: "prices"; readonly prices: readonly PriceEntry[] }
  /** The socket comes with it. */
  | { readonly type: "connection"; readonly id: number }
  | { readonly type: "lend"; readonly slots: number }
  | ({ readonly type: "recall" } & Recall)
  | { readonly type: "answers"; readonly answers: readonly LimitAnswer[] }
  /** Answer of `find_key` and `find_token`. */
  | {
      readonly type: "key_found";
      readonly id: number;
      readonly holder: KeyHolder | undefined;
      readonly error: StoreError | undefined;
    }
  /** A user or a key was changed, or a session ended: what is kept of them holds no longer. */
  | { readonly type: "identity"; readonly hasUsers: boolean; readonly news: IdentityNews }
  /** Answer of `insert` and `make_durable`. */
  | { readonly type: "stored"; readonly id: number; readonly error: StoreError | undefined }
  | { readonly type: "report"; readonly id: number; readonly isWhole: boolean }
  | { readonly type: "let_go" }
  | { readonly type: "close" }
  | { readonly type: "close_all" }
  | { readonly type: "drain"; readonly deadlineMs: number }
  | { readonly type: "stop" };

export interface StoreError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** How calls to an integration went since the last time. */
export interface Traffic {
  readonly integration: string;
  readonly outcome: TrafficOutcome;
}

/** From a worker to the first process. */
export type FromWorker =
  | { readonly type: "ready" }
  /** A connection has come. */
  | { readonly type: "taken"; readonly id: number }
  | { readonly type: "closed"; readonly ids: readonly number[] }
  | { readonly type: "asks"; readonly asks: readonly LimitAsk[] }
  | { readonly type: "holds"; readonly reports: readonly HoldReport[] }
  | { readonly type: "returned"; readonly slots: number; readonly round: number }
  /** A slot that it owed. */
  | { readonly type: "given_up" }
  | { readonly type: "find_key"; readonly id: number; readonly sha256: string }
  | { readonly type: "find_token"; readonly id: number; readonly token: string }
  | { readonly type: "insert"; readonly id: number; readonly records: readonly LedgerRecord[] }
  | { readonly type: "make_durable"; readonly id: number }
  /** Calls that ended without a reply. */
  | { readonly type: "refused"; readonly calls: readonly RefusedCall[] }
  /** Of an attempt that somebody wants to read of. */
  | { readonly type: "failed"; readonly failure: FailedAttempt }
  /** Of calls that have ended. */
  | { readonly type: "spans"; readonly spans: EncodedSpans }
  /** Of a call that has ended, whose content is recorded. */
  | { readonly type: "trace_event"; readonly event: Uint8Array }
  | { readonly type: "traffic"; readonly traffic: readonly Traffic[] }
  | { readonly type: "report"; readonly id: number; readonly report: WorkerReport }
  /** The calls in flight have ended. */
  | { readonly type: "drained" }
  /** It ends by itself, soon, and takes no more connections. */
  | { readonly type: "leaving" };

export interface WorkerReport {
  readonly inFlight: number;
  readonly series: readonly FamilyData[];
  /** Only when the whole was asked for. */
  readonly process: ProcessFigures | undefined;
}

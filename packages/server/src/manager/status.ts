import type {
  Health,
  IntegrationConfig,
  IntegrationState,
  IntegrationType,
  NetworkReach,
} from "@llm-platform/kit";
import type { ProbeRecord } from "./probe-loop.ts";
import type { StateCell } from "./state-cell.ts";

/** How one integration is, in the words of the API. */
export interface IntegrationStatus {
  readonly name: string;
  readonly type: IntegrationType;
  readonly use: string;
  /** The definition's summary; empty when there is no such definition. */
  readonly summary: string;
  readonly enabled: boolean;
  readonly priority: number;
  readonly dependencies: readonly string[];
  readonly network: NetworkReach;
  readonly state: IntegrationState;
  readonly reason: string | null;
  /** Since when it is in this state, ISO 8601. */
  readonly since: string;
  readonly last_probe: {
    readonly time: string;
    readonly status: Health["status"];
    readonly duration_ms: number;
    readonly detail: string | null;
  } | null;
  /** Failed probes in a row; while it cannot be started, failed starts in a row. */
  readonly consecutive_failures: number;
  readonly restarts: {
    /** Restarts by itself in the last ten minutes. */
    readonly in_window: number;
    /** All restarts since the platform started, those that a person asked for included. */
    readonly total: number;
  };
  readonly next_retry_at: string | null;
  /** Dependencies that it waits for before it can start. */
  readonly waiting_for: readonly string[];
  /** Why a change that was made on another replica is not in force here; null while none is missing. */
  readonly config_problem: string | null;
}

/** Outcome of a live model call, as far as it says something about the integration. */
export type TrafficOutcome = "ok" | "auth_failed" | "failed" | "rate_limited";

export interface StatusInput {
  readonly config: IntegrationConfig;
  readonly summary: string;
  readonly dependencies: readonly string[];
  readonly cell: StateCell;
  readonly probe: ProbeRecord | undefined;
  readonly failures: number;
  readonly restartsInWindow: number;
  readonly restartsTotal: number;
  readonly retryDueMs: number | undefined;
  readonly waitingFor: readonly string[];
  readonly configProblem: string | null;
}

/** Puts what is known of an integration into the words of the API. */
export function formatStatus(input: StatusInput): IntegrationStatus {
  const { config, cell } = input;
  return {
    name: config.name,
    type: config.type,
    use: config.use,
    summary: input.summary,
    enabled: config.enabled,
    priority: config.priority,
    dependencies: input.dependencies,
    network: config.network ?? "any",
    state: cell.state,
    reason: cell.reason,
    since: toIsoTime(cell.sinceMs),
    last_probe: formatProbe(input.probe),
    consecutive_failures: input.failures,
    restarts: { in_window: input.restartsInWindow, total: input.restartsTotal },
    next_retry_at: input.retryDueMs === undefined ? null : toIsoTime(input.retryDueMs),
    waiting_for: input.waitingFor,
    config_problem: input.configProblem,
  };
}

function formatProbe(probe: ProbeRecord | undefined): IntegrationStatus["last_probe"] {
  if (probe === undefined) return null;
  return {
    time: toIsoTime(probe.timeMs),
    status: probe.status,
    duration_ms: probe.durationMs,
    detail: probe.detail ?? null,
  };
}

function toIsoTime(ms: number): string {
  return new Date(ms).toISOString();
}

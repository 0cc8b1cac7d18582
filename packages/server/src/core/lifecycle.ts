import type { Health, IntegrationState } from "@llm-platform/kit";

/**
 * Every move that an integration's state may make.
 *
 * `stopped` is also where an integration waits for its dependencies. A move to `error` means that
 * only a person or a change of the configuration helps. There is a running instance in `running`,
 * `degraded` and, where the start went well, `auth_required`; in no other state that lasts.
 */
export const legalMoves: Readonly<Record<IntegrationState, readonly IntegrationState[]>> = {
  disabled: ["stopped", "starting", "error"],
  stopped: ["starting", "disabled", "error"],
  starting: ["running", "retrying", "auth_required", "error", "stopping"],
  running: ["degraded", "auth_required", "stopping"],
  degraded: ["running", "auth_required", "stopping"],
  auth_required: ["running", "degraded", "starting", "stopping", "stopped", "disabled", "error"],
  retrying: ["starting", "stopped", "disabled", "error"],
  stopping: ["stopped", "retrying", "disabled", "error"],
  error: ["starting", "stopped", "disabled"],
};

export function isLegalMove(from: IntegrationState, to: IntegrationState): boolean {
  return legalMoves[from].includes(to);
}

/** Failed probes in a row that make an integration `degraded`. */
const failuresUntilDegraded = 2;

export interface ProbeInput {
  readonly state: "running" | "degraded" | "auth_required";
  /** Failed probes in a row before this one. */
  readonly failures: number;
  readonly status: Health["status"];
  /** Failed probes in a row that make a restart. */
  readonly maxRetries: number;
}

export interface ProbeVerdict {
  readonly state: "running" | "degraded" | "auth_required";
  readonly failures: number;
  readonly isRestartDue: boolean;
}

/**
 * What one probe changes. A restart cannot mend a refused credential: in `auth_required`
 * a failed probe changes nothing, and only a probe that works leaves the state.
 */
export function judgeProbe({ state, failures, status, maxRetries }: ProbeInput): ProbeVerdict {
  switch (status) {
    case "ok":
      return { state: "running", failures: 0, isRestartDue: false };
    case "degraded":
      return { state: "degraded", failures: 0, isRestartDue: false };
    case "auth_required":
      return { state: "auth_required", failures: 0, isRestartDue: false };
    case "failed": {
      const next = failures + 1;
      if (state === "auth_required") return { state, failures: next, isRestartDue: false };
      const isDegraded = state === "degraded" || next >= failuresUntilDegraded;
      return {
        state: isDegraded ? "degraded" : state,
        failures: next,
        isRestartDue: next >= maxRetries,
      };
    }
  }
}

/** Span in which restarts are counted. */
export const restartWindowMs = 10 * 60_000;
/** Restarts allowed in one window; the next one makes `error`. */
export const maxRestartsInWindow = 5;

/** The restarts that still count at `nowMs`. */
export function restartsInWindow(restartTimesMs: readonly number[], nowMs: number): readonly number[] {
  return restartTimesMs.filter((timeMs) => nowMs - timeMs < restartWindowMs);
}

/** Whether one more restart by itself is allowed at `nowMs`. */
export function mayRestart(restartTimesMs: readonly number[], nowMs: number): boolean {
  return restartsInWindow(restartTimesMs, nowMs).length < maxRestartsInWindow;
}

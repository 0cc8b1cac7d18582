import type { ErrorCode, PlatformError } from "@llm-platform/kit";
import { sourceOf } from "../core/error-status.ts";
import type { KnownSecrets } from "../core/known-secrets.ts";
import type { PlatformLog } from "../telemetry/log.ts";
import type { LogLevels } from "../telemetry/log-levels.ts";
import type { AttemptRecord } from "./attempt-record.ts";

/** An attempt that an upstream failed, as plain data: what operators may look for, and callers are not told. */
export interface FailedAttempt {
  readonly requestId: string;
  readonly attempt: number;
  readonly integration: string;
  readonly model: string;
  readonly code: ErrorCode;
  /** HTTP status that the upstream answered with, when one did. */
  readonly upstreamStatus: number | undefined;
  /** Of the upstream's own words, or the system's, as much as is kept; there are none of a time-out. */
  readonly said: string | undefined;
}

/** Where failed attempts are told of. Never waits, and never throws. */
export interface FailureSink {
  /** Whether anybody wants to read of those of this integration now. */
  isWanted(integration: string): boolean;
  note(failure: FailedAttempt): void;
}

const event = "upstream.failed";
/** Far fewer characters than are kept: a secret that is cut in two where the kept ones end is not known for what it is. */
const mostToldCharacters = 1_024;

/** Whether the log has failed attempts at this integration: at `trace` alone, for an upstream may repeat a prompt. */
export function isFailureLogged(levels: LogLevels, integration: string): boolean {
  return levels.isWritten("trace", event, { integration, nowMs: Date.now() });
}

/** Tells of failed attempts in the log, without the secrets that are known. */
export function createFailureLog({
  log,
  logLevels,
  secrets,
}: {
  readonly log: PlatformLog;
  readonly logLevels: LogLevels;
  readonly secrets: KnownSecrets;
}): FailureSink {
  return {
    isWanted: (integration) => isFailureLogged(logLevels, integration),
    note({ requestId, integration, upstreamStatus, said, ...failure }) {
      log.child({ integration }).trace(event, {
        request_id: requestId,
        ...failure,
        ...(upstreamStatus === undefined ? {} : { upstream_status: upstreamStatus }),
        ...(said === undefined ? {} : { said: secrets.hide(said).slice(0, mostToldCharacters) }),
      });
    },
  };
}

/** Notes what an upstream failed at, where somebody wants to read of it. */
export function noteFailure(
  sink: FailureSink,
  { call, target, open }: AttemptRecord,
  error: PlatformError,
): void {
  const { integration, model } = target;
  if (sourceOf(error) !== "provider" || !sink.isWanted(integration)) return;
  sink.note({
    requestId: call.id,
    attempt: open.start.attempt,
    integration,
    model,
    code: error.code,
    upstreamStatus: error.upstreamStatus,
    said: error.cause instanceof Error ? error.cause.message : undefined,
  });
}

import type { LedgerRecord } from "../../core/ledger-record.ts";
import type { RefusedCall } from "../../core/refused-call.ts";
import { isSuccess, type RecordedEnd } from "../../core/stream-ends.ts";
import { toLedgerRecord } from "../ledger-row.ts";
import type { RefusedCallRow, UsageRow } from "../tables.ts";

/** How a call ended, in one word. */
export const requestStatuses = ["ok", "failed", "refused", "cancelled"] as const;

/** `refused` never reached an upstream, `failed` did; `cancelled` was given up by its client. */
export type EndedStatus = (typeof requestStatuses)[number];

/** `unfinished` is between two attempts, or its server ended there; only who asks for it by its id is told of it. */
export const everyStatus = [...requestStatuses, "unfinished"] as const;

export type RequestStatus = (typeof everyStatus)[number];

/** Where a call stands in the order of the log: by when its last attempt began, or a refused one came, then by its id. */
export interface RequestPlace {
  readonly atMs: number;
  readonly requestId: string;
}

/** What was spent in one currency. */
export interface RequestCost {
  readonly currency: string;
  readonly costMicros: number;
}

/** A call as the log lists it: all its attempts together. */
export interface LoggedRequest {
  readonly requestId: string;
  readonly place: RequestPlace;
  /** When it arrived, since the epoch. */
  readonly startedAtMs: number;
  /** From its arrival to its end. */
  readonly durationMs: number;
  readonly status: RequestStatus;
  readonly principal: string;
  readonly operation: string;
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly attempts: number;
  /** The attempt that it ended with; undefined for a call that ended without a reply. */
  readonly last: LedgerRecord | undefined;
  /** How it was refused, or what its client was told in the end; undefined for a call that was answered. */
  readonly refused: RefusedCall | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costs: readonly RequestCost[];
  /** Attempts that used tokens of which the price is not known. */
  readonly unpricedAttempts: number;
  /** The server that served it; null where there is but one. */
  readonly replica: string | null;
}

/** @param tries its attempts as far as they are known, in their order */
export function toAnswered(row: UsageRow, tries: readonly LedgerRecord[]): LoggedRequest {
  const last = toLedgerRecord(row);
  const { requestId, startedAtMs, attempt } = last;
  const beforeMs = last.beforeMs ?? 0;
  return {
    requestId,
    place: { atMs: startedAtMs, requestId },
    startedAtMs: startedAtMs - beforeMs,
    durationMs: beforeMs + last.durationMs,
    status: last.endsCall ? statusOf(last.outcome) : "unfinished",
    principal: last.principal,
    operation: last.operation,
    requestedModel: last.requestedModel,
    stream: last.stream,
    attempts: attempt,
    last,
    refused: undefined,
    replica: row.replica,
    ...sumOf(tries.length === 0 ? [last] : tries),
  };
}

function statusOf(outcome: RecordedEnd): EndedStatus {
  if (isSuccess(outcome)) return "ok";
  return outcome === "client_cancelled" ? "cancelled" : "failed";
}

/** @param tries its attempts, in their order */
export function toRefused(row: RefusedCallRow, tries: readonly LedgerRecord[]): LoggedRequest {
  const refused = toRefusedCall(row);
  const { requestId, startedAtMs, errorCode, attempts } = refused;
  return {
    requestId,
    place: { atMs: startedAtMs, requestId },
    startedAtMs,
    durationMs: refused.durationMs,
    status: errorCode === "client_cancelled" ? "cancelled" : attempts === 0 ? "refused" : "failed",
    principal: refused.principal,
    operation: refused.operation,
    requestedModel: refused.requestedModel,
    stream: refused.stream,
    attempts,
    last: undefined,
    refused,
    replica: row.replica,
    ...sumOf(tries),
  };
}

type Sums = Pick<LoggedRequest, "inputTokens" | "outputTokens" | "costs" | "unpricedAttempts">;

function sumOf(tries: readonly LedgerRecord[]): Sums {
  const costs = new Map<string, number>();
  let inputTokens = 0;
  let outputTokens = 0;
  let unpricedAttempts = 0;
  for (const record of tries) {
    inputTokens += record.inputTokens ?? 0;
    outputTokens += record.outputTokens ?? 0;
    const { costMicros, currency } = record;
    if (costMicros !== null && currency !== null)
      costs.set(currency, (costs.get(currency) ?? 0) + costMicros);
    else if (record.usageSource !== "none") unpricedAttempts++;
  }
  return {
    inputTokens,
    outputTokens,
    costs: [...costs].map(([currency, costMicros]) => ({ currency, costMicros })),
    unpricedAttempts,
  };
}

function toRefusedCall(row: RefusedCallRow): RefusedCall {
  return {
    requestId: row.request_id,
    startedAtMs: row.started_at_ms,
    durationMs: row.duration_ms,
    principal: row.principal,
    operation: row.operation,
    requestedModel: row.requested_model,
    stream: row.stream === 1,
    attempts: row.attempts,
    httpStatus: row.http_status,
    errorCode: row.error_code,
    message: row.message,
    stages: row.stages,
    notes: row.notes,
  };
}

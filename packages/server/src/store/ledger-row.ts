import type { SQLOutputValue } from "node:sqlite";
import { isUsageSource, type LedgerRecord } from "../core/ledger-record.ts";
import { isRecordedEnd } from "../core/stream-ends.ts";
import type { UsageRow } from "./tables.ts";

/** A row of the ledger as a record. */
export function toLedgerRecord(row: UsageRow): LedgerRecord {
  const dot = row.attempt_id.lastIndexOf(".");
  return {
    attemptId: row.attempt_id,
    requestId: row.attempt_id.slice(0, dot),
    attempt: Number(row.attempt_id.slice(dot + 1)),
    startedAtMs: row.started_at_ms,
    durationMs: row.duration_ms,
    firstByteMs: row.first_byte_ms,
    principal: row.principal,
    operation: row.operation,
    requestedModel: row.requested_model,
    integration: row.integration,
    provider: row.provider,
    upstreamModel: row.upstream_model,
    stream: row.stream === 1,
    // A word that this version does not know was written by a newer one; the nearest that it knows is an upstream's fault.
    outcome: isRecordedEnd(row.outcome) ? row.outcome : "upstream_error",
    httpStatus: row.http_status,
    errorCode: row.error_code,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cacheReadTokens: row.cache_read_tokens,
    cacheWriteTokens: row.cache_write_tokens,
    reasoningTokens: row.reasoning_tokens,
    usageSource: isUsageSource(row.usage_source) ? row.usage_source : "none",
    costMicros: row.cost_micros,
    currency: row.currency,
    priceVersion: row.price_version,
    endsCall: row.ends_call === 1,
    beforeMs: row.before_ms,
    stages: row.stages,
    headUs: row.head_us,
    notes: row.notes,
  };
}

/** A row as the driver gives it. */
export function toUsageRow(columns: Readonly<Record<string, SQLOutputValue>>): UsageRow {
  const text = (name: string) => String(columns[name]);
  const number = (name: string) => Number(columns[name]);
  const textOrNull = (name: string) => (columns[name] === null ? null : text(name));
  const numberOrNull = (name: string) => (columns[name] === null ? null : number(name));
  return {
    id: number("id"),
    attempt_id: text("attempt_id"),
    started_at_ms: number("started_at_ms"),
    principal: text("principal"),
    operation: text("operation"),
    requested_model: text("requested_model"),
    integration: text("integration"),
    provider: text("provider"),
    upstream_model: text("upstream_model"),
    stream: number("stream"),
    duration_ms: number("duration_ms"),
    first_byte_ms: numberOrNull("first_byte_ms"),
    outcome: text("outcome"),
    http_status: numberOrNull("http_status"),
    error_code: textOrNull("error_code"),
    input_tokens: numberOrNull("input_tokens"),
    output_tokens: numberOrNull("output_tokens"),
    cache_read_tokens: numberOrNull("cache_read_tokens"),
    cache_write_tokens: numberOrNull("cache_write_tokens"),
    reasoning_tokens: numberOrNull("reasoning_tokens"),
    usage_source: text("usage_source"),
    cost_micros: numberOrNull("cost_micros"),
    currency: textOrNull("currency"),
    price_version: textOrNull("price_version"),
    ends_call: number("ends_call"),
    before_ms: numberOrNull("before_ms"),
    stages: numberOrNull("stages"),
    head_us: numberOrNull("head_us"),
    notes: textOrNull("notes"),
    replica: textOrNull("replica"),
  };
}

import type { PlatformError } from "@llm-platform/kit";
import { statusOf } from "../../core/error-status.ts";
import {
  type AttributeKeys,
  attributeKeysOf,
  eventKeys,
  operationNames,
} from "../../telemetry/tracing/attribute-names.ts";
import type { SpanBuffer } from "../../telemetry/tracing/span-buffer.ts";
import { writeRequestAttributes } from "./request-attributes.ts";
import type { TracedAttempt, TracedCall, TracePlace } from "./traced-call.ts";

interface CallEnd {
  /** What the caller was told. */
  readonly error: PlatformError | undefined;
  /** Monotonic. */
  readonly endedAtMs: number;
  /** Unix time at which the monotonic clock was 0, in milliseconds. */
  readonly epochMs: number;
  readonly conventions: "default" | "latest";
  readonly serverSpanId: string;
  readonly callSpanId: string;
}

/** What each of the spans is written from. */
interface Writing {
  readonly spans: SpanBuffer;
  readonly keys: AttributeKeys;
  readonly call: TracedCall;
  readonly trace: TracePlace;
  readonly end: CallEnd;
}

/**
 * Writes the spans of a call that has ended: one for what the caller asked of the platform, in it one for what the
 * platform asked of a model, and in that one for each attempt.
 */
export function writeCallSpans(
  spans: SpanBuffer,
  so: { readonly call: TracedCall; readonly trace: TracePlace; readonly end: CallEnd },
): void {
  const { call, trace, end } = so;
  const writing = { spans, keys: attributeKeysOf(end.conventions), call, trace, end };
  writeServerSpan(writing);
  if (trace.attempts.length === 0) return;
  writeModelSpan(writing);
  for (const attempt of trace.attempts) writeAttemptSpan(writing, attempt);
}

function writeServerSpan({ spans, keys, call, trace, end }: Writing): void {
  const { epochMs, error } = end;
  const { protocol, dialect, operation } = call;
  spans.begin({
    traceId: trace.traceId,
    spanId: end.serverSpanId,
    parentSpanId: trace.parentSpanId,
    name: `${protocol === "http" ? dialect : protocol} ${operation}`,
    kind: "server",
    startMs: epochMs + call.startedAtMs,
    endMs: epochMs + end.endedAtMs,
  });
  spans.text(keys.requestId, call.id);
  spans.text(keys.protocol, protocol);
  spans.text(keys.dialect, dialect);
  spans.text(keys.principal, call.principal.name);
  spans.text(keys.operation, operationNames[operation]);
  spans.text(keys.requestModel, call.head.model);
  spans.boolean(keys.isStream, call.stream);
  spans.number(keys.attempts, call.attempts);
  if (protocol === "http") spans.number(keys.statusCode, httpStatus(trace, error));
  if (error !== undefined) spans.text(keys.errorType, error.code);
  if (trace.admittedAtMs > 0) spans.event(eventKeys.admitted, epochMs + trace.admittedAtMs);
  if (trace.routedAtMs > 0) spans.event(eventKeys.routed, epochMs + trace.routedAtMs);
  if (call.sentAtMs > 0) spans.event(eventKeys.sent, epochMs + call.sentAtMs);
  spans.end(shownError(error));
}

/** The status that a caller over HTTP saw: a reply that broke off had begun with 200. */
function httpStatus({ attempts }: TracePlace, error: PlatformError | undefined): number {
  const hasBegun = (attempts.at(-1)?.firstContentAtMs ?? 0) > 0;
  return error === undefined || hasBegun ? 200 : statusOf(error.code);
}

function writeModelSpan({ spans, keys, call, trace, end }: Writing): void {
  const { epochMs, error } = end;
  const last = trace.attempts.at(-1);
  const operation = operationNames[call.operation];
  spans.begin({
    traceId: trace.traceId,
    spanId: end.callSpanId,
    parentSpanId: end.serverSpanId,
    name: `${operation} ${call.head.model}`,
    kind: "client",
    startMs: epochMs + (call.sentAtMs || call.startedAtMs),
    endMs: epochMs + end.endedAtMs,
  });
  spans.text(keys.operation, operation);
  spans.text(keys.requestModel, call.head.model);
  spans.boolean(keys.isStream, call.stream);
  writeRequestAttributes(spans, keys, call);
  if (last !== undefined) writeLast({ spans, keys, call, trace, end }, last);
  spans.number(keys.attempts, call.attempts);
  spans.text(keys.requestId, call.id);
  if (error !== undefined) spans.text(keys.errorType, error.code);
  spans.end(shownError(error));
}

/** What the last attempt came to, which is the call's. */
function writeLast({ spans, keys, call, end }: Writing, { record, firstContentAtMs }: TracedAttempt): void {
  spans.text(keys.provider, record.provider);
  spans.text(keys.integration, record.integration);
  if (end.error === undefined) {
    spans.text(keys.responseModel, record.upstreamModel);
    spans.list(keys.finishReasons, [record.outcome]);
  }
  if (call.stream && firstContentAtMs > 0)
    spans.number(keys.timeToFirstChunk, (firstContentAtMs - call.startedAtMs) / 1_000);
  if (record.inputTokens !== null) spans.number(keys.inputTokens, record.inputTokens);
  if (record.outputTokens !== null) spans.number(keys.outputTokens, record.outputTokens);
  if (record.cacheReadTokens !== null) spans.number(keys.cacheReadTokens, record.cacheReadTokens);
  if (record.cacheWriteTokens !== null) spans.number(keys.cacheWriteTokens, record.cacheWriteTokens);
  if (record.reasoningTokens !== null) spans.number(keys.reasoningTokens, record.reasoningTokens);
  if (record.costMicros !== null) spans.number(keys.costMicros, record.costMicros);
  if (record.currency !== null) spans.text(keys.currency, record.currency);
}

function writeAttemptSpan({ spans, keys, call, trace, end }: Writing, attempt: TracedAttempt): void {
  const { epochMs } = end;
  const { record, error } = attempt;
  spans.begin({
    traceId: trace.traceId,
    spanId: attempt.spanId,
    parentSpanId: end.callSpanId,
    name: `attempt ${record.integration}/${record.upstreamModel}`,
    kind: "client",
    startMs: epochMs + attempt.startedAtMs,
    endMs: epochMs + attempt.endedAtMs,
  });
  spans.text(keys.operation, operationNames[call.operation]);
  spans.text(keys.provider, record.provider);
  spans.text(keys.requestModel, record.upstreamModel);
  spans.text(keys.integration, record.integration);
  spans.text(keys.attemptId, record.attemptId);
  spans.number(keys.resendCount, record.attempt - 1);
  spans.text(keys.upstreamDialect, attempt.dialect);
  if (record.httpStatus !== null) spans.number(keys.statusCode, record.httpStatus);
  spans.text(keys.outcome, record.outcome);
  if (error !== undefined) spans.text(keys.errorType, error.code);
  if (attempt.dialect !== call.dialect) spans.event(eventKeys.transcoded, epochMs + attempt.startedAtMs);
  if (attempt.firstContentAtMs > 0)
    spans.event(eventKeys.firstContent, epochMs + attempt.firstContentAtMs);
  spans.end(shownError(error));
}

/** A client that went away is no fault of the call. */
function shownError(error: PlatformError | undefined): string | undefined {
  return error === undefined || error.code === "client_cancelled" ? undefined : error.message;
}

import type { PlatformError } from "@llm-platform/kit";
import { statusOf } from "../../core/error-status.ts";
import { attributeNamesOf, eventNames, operationNames } from "../../telemetry/tracing/attribute-names.ts";
import type { Attributes, Span, SpanEvent } from "../../telemetry/tracing/span.ts";
import { requestAttributes } from "./request-attributes.ts";
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

/**
 * The spans of a call that has ended: one for what the caller asked of the platform, in it one for what the platform
 * asked of a model, and in that one for each attempt.
 */
export function toCallSpans(call: TracedCall, trace: TracePlace, end: CallEnd): readonly Span[] {
  const spans = [serverSpan(call, trace, end)];
  if (trace.attempts.length === 0) return spans;
  spans.push(modelSpan(call, trace, end));
  for (const attempt of trace.attempts) spans.push(attemptSpan(call, trace, { attempt, end }));
  return spans;
}

function serverSpan(call: TracedCall, trace: TracePlace, end: CallEnd): Span {
  const { epochMs, error } = end;
  const names = attributeNamesOf(end.conventions);
  const { protocol, dialect, operation } = call;
  return {
    traceId: trace.traceId,
    spanId: end.serverSpanId,
    parentSpanId: trace.parentSpanId,
    name: `${protocol === "http" ? dialect : protocol} ${operation}`,
    kind: "server",
    startMs: epochMs + call.startedAtMs,
    endMs: epochMs + end.endedAtMs,
    attributes: {
      [names.requestId]: call.id,
      [names.protocol]: protocol,
      [names.dialect]: dialect,
      [names.principal]: call.principal.name,
      [names.operation]: operationNames[operation],
      [names.requestModel]: call.head.model,
      [names.isStream]: call.stream,
      [names.attempts]: call.attempts,
      [names.statusCode]: protocol === "http" ? httpStatus(trace, error) : undefined,
      [names.errorType]: error?.code,
    },
    events: momentsOf(call, trace, epochMs),
    error: shownError(error),
  };
}

/** The status that a caller over HTTP saw: a reply that broke off had begun with 200. */
function httpStatus({ attempts }: TracePlace, error: PlatformError | undefined): number {
  const hasBegun = (attempts.at(-1)?.firstContentAtMs ?? 0) > 0;
  return error === undefined || hasBegun ? 200 : statusOf(error.code);
}

function momentsOf(call: TracedCall, trace: TracePlace, epochMs: number): readonly SpanEvent[] {
  const events: SpanEvent[] = [];
  const add = (name: string, atMs: number) => {
    if (atMs > 0) events.push({ name, atMs: epochMs + atMs });
  };
  add(eventNames.admitted, trace.admittedAtMs);
  add(eventNames.routed, trace.routedAtMs);
  add(eventNames.sent, call.sentAtMs);
  return events;
}

function modelSpan(call: TracedCall, trace: TracePlace, end: CallEnd): Span {
  const { epochMs, error } = end;
  const names = attributeNamesOf(end.conventions);
  const last = trace.attempts.at(-1);
  const operation = operationNames[call.operation];
  const firstContentAtMs = last?.firstContentAtMs ?? 0;
  const isTimed = call.stream && firstContentAtMs > 0;
  return {
    traceId: trace.traceId,
    spanId: end.callSpanId,
    parentSpanId: end.serverSpanId,
    name: `${operation} ${call.head.model}`,
    kind: "client",
    startMs: epochMs + (call.sentAtMs || call.startedAtMs),
    endMs: epochMs + end.endedAtMs,
    attributes: {
      [names.operation]: operation,
      [names.provider]: last?.record.provider,
      [names.requestModel]: call.head.model,
      [names.responseModel]: error === undefined ? last?.record.upstreamModel : undefined,
      [names.isStream]: call.stream,
      ...requestAttributes(call, names),
      [names.finishReasons]: error === undefined && last !== undefined ? [last.record.outcome] : undefined,
      [names.timeToFirstChunk]: isTimed ? (firstContentAtMs - call.startedAtMs) / 1_000 : undefined,
      ...usageAttributes(last, names),
      [names.integration]: last?.record.integration,
      [names.attempts]: call.attempts,
      [names.requestId]: call.id,
      [names.errorType]: error?.code,
    },
    events: [],
    error: shownError(error),
  };
}

function usageAttributes(
  attempt: TracedAttempt | undefined,
  names: ReturnType<typeof attributeNamesOf>,
): Attributes {
  if (attempt === undefined) return {};
  const { record } = attempt;
  return {
    [names.inputTokens]: record.inputTokens ?? undefined,
    [names.outputTokens]: record.outputTokens ?? undefined,
    [names.cacheReadTokens]: record.cacheReadTokens ?? undefined,
    [names.cacheWriteTokens]: record.cacheWriteTokens ?? undefined,
    [names.reasoningTokens]: record.reasoningTokens ?? undefined,
    [names.costMicros]: record.costMicros ?? undefined,
    [names.currency]: record.currency ?? undefined,
  };
}

function attemptSpan(
  call: TracedCall,
  trace: TracePlace,
  { attempt, end }: { readonly attempt: TracedAttempt; readonly end: CallEnd },
): Span {
  const { epochMs } = end;
  const names = attributeNamesOf(end.conventions);
  const { record, error } = attempt;
  const events: SpanEvent[] = [];
  if (attempt.dialect !== call.dialect)
    events.push({ name: eventNames.transcoded, atMs: epochMs + attempt.startedAtMs });
  if (attempt.firstContentAtMs > 0)
    events.push({ name: eventNames.firstContent, atMs: epochMs + attempt.firstContentAtMs });
  return {
    traceId: trace.traceId,
    spanId: attempt.spanId,
    parentSpanId: end.callSpanId,
    name: `attempt ${record.integration}/${record.upstreamModel}`,
    kind: "client",
    startMs: epochMs + attempt.startedAtMs,
    endMs: epochMs + attempt.endedAtMs,
    attributes: {
      [names.operation]: operationNames[call.operation],
      [names.provider]: record.provider,
      [names.requestModel]: record.upstreamModel,
      [names.integration]: record.integration,
      [names.attemptId]: record.attemptId,
      [names.resendCount]: record.attempt - 1,
      [names.upstreamDialect]: attempt.dialect,
      [names.statusCode]: record.httpStatus ?? undefined,
      [names.outcome]: record.outcome,
      [names.errorType]: error?.code,
    },
    events,
    error: shownError(error),
  };
}

/** A client that went away is no fault of the call. */
function shownError(error: PlatformError | undefined): string | undefined {
  return error === undefined || error.code === "client_cancelled" ? undefined : error.message;
}

import type { Dialect, Operation, PlatformError } from "@llm-platform/kit";
import { statusOf } from "../../core/error-status.ts";
import type { LedgerRecord } from "../../core/ledger-record.ts";
import {
  type AttributeKeys,
  attributeKeysOf,
  eventKeys,
  operationNames,
} from "../../telemetry/tracing/attribute-names.ts";
import { SharedPart } from "../../telemetry/tracing/shared-part.ts";
import { SpanBuffer } from "../../telemetry/tracing/span-buffer.ts";
import type { ActiveTracing } from "../../telemetry/tracing/tracing.ts";
import { CallContent, type RecordedContent } from "./call-content.ts";
import { RequestAttributes } from "./request-attributes.ts";
import type { CallProtocol, EndedCall, TracedAttempt, TracePlace } from "./traced-call.ts";

/**
 * Writes the spans of calls that have ended: one for what the caller asked of the platform, in it one for what the
 * platform asked of a model, and in that one for each attempt.
 */
export class CallSpans {
  readonly #keys: AttributeKeys;
  readonly #request: RequestAttributes;
  readonly #server;
  readonly #model;
  readonly #attempt;
  readonly #active: ActiveTracing;
  /** Undefined where no content is recorded. */
  readonly #content: CallContent | undefined;

  constructor(active: ActiveTracing) {
    const { conventions, content } = active.settings;
    const keys = attributeKeysOf(conventions);
    this.#active = active;
    this.#content = content && new CallContent(active, content);
    this.#keys = keys;
    this.#request = new RequestAttributes(keys);
    const draft = new SpanBuffer();
    this.#server = serverPart(draft, keys);
    this.#model = modelPart(draft, keys);
    this.#attempt = attemptPart(draft, keys);
  }

  /** Never waits, and never throws. */
  write(ended: EndedCall): void {
    const { attempts } = ended.trace;
    const last = attempts.at(-1);
    const content = last && this.#content?.record(ended, last.record);
    this.#active.write((spans) => {
      this.#writeServerSpan(spans, ended);
      if (last === undefined) return;
      this.#writeModelSpan(spans, ended, { last, content });
      for (const attempt of attempts) this.#writeAttemptSpan(spans, ended, attempt);
    });
  }

  #writeServerSpan(spans: SpanBuffer, { call, trace, end }: EndedCall): void {
    const keys = this.#keys;
    const { epochMs, error } = end;
    const { protocol, dialect, operation, head, stream, attempts } = call;
    const status = protocol === "http" ? httpStatus(trace, error) : undefined;
    spans.begin({
      traceId: trace.traceId,
      spanId: end.serverSpanId,
      parentSpanId: trace.parentSpanId,
      kind: "server",
      startMs: epochMs + call.startedAtMs,
      endMs: epochMs + end.endedAtMs,
    });
    spans.part(
      this.#server.of([head.model, operation, stream, dialect, protocol, attempts, status, error?.code]),
    );
    spans.text(keys.requestId, call.id);
    spans.text(keys.principal, call.principal.name);
    if (trace.admittedAtMs > 0) spans.event(eventKeys.admitted, epochMs + trace.admittedAtMs);
    if (trace.routedAtMs > 0) spans.event(eventKeys.routed, epochMs + trace.routedAtMs);
    if (call.sentAtMs > 0) spans.event(eventKeys.sent, epochMs + call.sentAtMs);
    spans.end(shownError(error));
  }

  #writeModelSpan(
    spans: SpanBuffer,
    { call, trace, end }: EndedCall,
    { last, content }: { readonly last: TracedAttempt; readonly content: RecordedContent | undefined },
  ): void {
    const keys = this.#keys;
    const { epochMs, error } = end;
    const { record } = last;
    spans.begin({
      traceId: trace.traceId,
      spanId: end.callSpanId,
      parentSpanId: end.serverSpanId,
      kind: "client",
      startMs: epochMs + (call.sentAtMs || call.startedAtMs),
      endMs: epochMs + end.endedAtMs,
    });
    const { head, operation, stream, attempts } = call;
    const { provider, integration, upstreamModel, outcome } = record;
    spans.part(
      this.#model.of([
        head.model,
        operation,
        stream,
        provider,
        integration,
        attempts,
        upstreamModel,
        outcome,
        error?.code,
      ]),
    );
    spans.text(keys.requestId, call.id);
    this.#request.write(spans, call.body);
    if (call.stream && last.firstContentAtMs > 0)
      spans.number(keys.timeToFirstChunk, (last.firstContentAtMs - call.startedAtMs) / 1_000);
    writeUsage(spans, keys, record);
    if (content !== undefined) writeContent(spans, keys, content);
    spans.end(shownError(error));
  }

  #writeAttemptSpan(spans: SpanBuffer, { call, trace, end }: EndedCall, attempt: TracedAttempt): void {
    const keys = this.#keys;
    const { epochMs } = end;
    const { record, error, dialect } = attempt;
    const { provider, integration, upstreamModel, httpStatus: status, outcome } = record;
    spans.begin({
      traceId: trace.traceId,
      spanId: attempt.spanId,
      parentSpanId: end.callSpanId,
      kind: "client",
      startMs: epochMs + attempt.startedAtMs,
      endMs: epochMs + attempt.endedAtMs,
    });
    spans.part(
      this.#attempt.of([
        upstreamModel,
        call.operation,
        integration,
        provider,
        dialect,
        record.attempt,
        status ?? undefined,
        outcome,
        error?.code,
      ]),
    );
    spans.text(keys.attemptId, record.attemptId);
    if (dialect !== call.dialect) spans.event(eventKeys.transcoded, epochMs + attempt.startedAtMs);
    if (attempt.firstContentAtMs > 0) spans.event(eventKeys.firstContent, epochMs + attempt.firstContentAtMs);
    spans.end(shownError(error));
  }
}

type ServerFacts = readonly [
  model: string,
  operation: Operation,
  stream: boolean,
  dialect: Dialect,
  protocol: CallProtocol,
  attempts: number,
  status: number | undefined,
  errorCode: string | undefined,
];

function serverPart(draft: SpanBuffer, keys: AttributeKeys): SharedPart<ServerFacts> {
  return new SharedPart(draft, (spans, facts) => {
    const [model, operation, stream, dialect, protocol, attempts, status, errorCode] = facts;
    spans.name(`${protocol === "http" ? dialect : protocol} ${operation}`);
    spans.text(keys.protocol, protocol);
    spans.text(keys.dialect, dialect);
    spans.text(keys.operation, operationNames[operation]);
    spans.text(keys.requestModel, model);
    spans.boolean(keys.isStream, stream);
    spans.number(keys.attempts, attempts);
    if (status !== undefined) spans.number(keys.statusCode, status);
    if (errorCode !== undefined) spans.text(keys.errorType, errorCode);
  });
}

type ModelFacts = readonly [
  model: string,
  operation: Operation,
  stream: boolean,
  provider: string,
  integration: string,
  attempts: number,
  upstreamModel: string,
  outcome: string,
  errorCode: string | undefined,
];

function modelPart(draft: SpanBuffer, keys: AttributeKeys): SharedPart<ModelFacts> {
  return new SharedPart(draft, (spans, facts) => {
    const [model, operation, stream, provider, integration, attempts, upstreamModel, outcome, errorCode] =
      facts;
    spans.name(`${operationNames[operation]} ${model}`);
    spans.text(keys.operation, operationNames[operation]);
    spans.text(keys.provider, provider);
    spans.text(keys.requestModel, model);
    spans.boolean(keys.isStream, stream);
    spans.text(keys.integration, integration);
    spans.number(keys.attempts, attempts);
    if (errorCode === undefined) {
      spans.text(keys.responseModel, upstreamModel);
      spans.list(keys.finishReasons, [outcome]);
    } else spans.text(keys.errorType, errorCode);
  });
}

type AttemptFacts = readonly [
  model: string,
  operation: Operation,
  integration: string,
  provider: string,
  dialect: Dialect,
  attempt: number,
  status: number | undefined,
  outcome: string,
  errorCode: string | undefined,
];

function attemptPart(draft: SpanBuffer, keys: AttributeKeys): SharedPart<AttemptFacts> {
  return new SharedPart(draft, (spans, facts) => {
    const [model, operation, integration, provider, dialect, attempt, status, outcome, errorCode] = facts;
    spans.name(`attempt ${integration}/${model}`);
    spans.text(keys.operation, operationNames[operation]);
    spans.text(keys.provider, provider);
    spans.text(keys.requestModel, model);
    spans.text(keys.integration, integration);
    spans.text(keys.upstreamDialect, dialect);
    spans.number(keys.resendCount, attempt - 1);
    if (status !== undefined) spans.number(keys.statusCode, status);
    spans.text(keys.outcome, outcome);
    if (errorCode !== undefined) spans.text(keys.errorType, errorCode);
  });
}

function writeUsage(spans: SpanBuffer, keys: AttributeKeys, record: LedgerRecord): void {
  if (record.inputTokens !== null) spans.number(keys.inputTokens, record.inputTokens);
  if (record.outputTokens !== null) spans.number(keys.outputTokens, record.outputTokens);
  if (record.cacheReadTokens !== null) spans.number(keys.cacheReadTokens, record.cacheReadTokens);
  if (record.cacheWriteTokens !== null) spans.number(keys.cacheWriteTokens, record.cacheWriteTokens);
  if (record.reasoningTokens !== null) spans.number(keys.reasoningTokens, record.reasoningTokens);
  if (record.costMicros !== null) spans.number(keys.costMicros, record.costMicros);
  if (record.currency !== null) spans.text(keys.currency, record.currency);
}

/** As JSON in texts, which every tool for traces takes: few read what is nested in attributes of spans. */
function writeContent(
  spans: SpanBuffer,
  keys: AttributeKeys,
  { attributes, truncated }: RecordedContent,
): void {
  for (const [name, value] of attributes) spans.text(keys[name], JSON.stringify(value));
  if (truncated.length > 0) spans.list(keys.truncatedContent, truncated);
}

/** The status that a caller over HTTP saw: a reply that broke off had begun with 200. */
function httpStatus({ attempts }: TracePlace, error: PlatformError | undefined): number {
  const hasBegun = (attempts.at(-1)?.firstContentAtMs ?? 0) > 0;
  return error === undefined || hasBegun ? 200 : statusOf(error.code);
}

/** A client that went away is no fault of the call. */
function shownError(error: PlatformError | undefined): string | undefined {
  return error === undefined || error.code === "client_cancelled" ? undefined : error.message;
}

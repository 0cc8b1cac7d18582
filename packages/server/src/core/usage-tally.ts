import { DurationHistogram } from "./duration-histogram.ts";
import type { LedgerRecord } from "./ledger-record.ts";

/** By what attempts are told apart in sums. */
export interface UsageKind {
  readonly principal: string;
  readonly integration: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly operation: string;
  /** Null for attempts without a cost. */
  readonly currency: string | null;
}

/** Why attempts failed, in sums. */
export const errorClasses = [
  "cancelled",
  "request",
  "rate_limited",
  "timeout",
  "upstream",
  "interrupted",
] as const;
export type ErrorClass = (typeof errorClasses)[number];

/** The members of a tally that are plain sums. */
export const summedFields = [
  "attempts",
  "calls",
  "cancelledAttempts",
  "requestErrors",
  "rateLimitedAttempts",
  "timeouts",
  "upstreamErrors",
  "interruptedAttempts",
  "inputTokens",
  "outputTokens",
  "cacheReadTokens",
  "cacheWriteTokens",
  "reasoningTokens",
  "costMicros",
  "unpricedAttempts",
  "estimatedAttempts",
  "durationMs",
  "firstByteMs",
] as const;
export type SummedField = (typeof summedFields)[number];

/** What attempts of one kind came to. Tallies are merged by adding. */
export class UsageTally implements Readonly<Record<SummedField, number>> {
  attempts = 0;
  /** First attempts. */
  calls = 0;
  cancelledAttempts = 0;
  requestErrors = 0;
  rateLimitedAttempts = 0;
  timeouts = 0;
  upstreamErrors = 0;
  interruptedAttempts = 0;
  inputTokens = 0;
  outputTokens = 0;
  cacheReadTokens = 0;
  cacheWriteTokens = 0;
  reasoningTokens = 0;
  costMicros = 0;
  /** Attempts that used tokens whose price is not known. */
  unpricedAttempts = 0;
  /** Attempts whose tokens the upstream did not report. */
  estimatedAttempts = 0;
  durationMs = 0;
  firstByteMs = 0;
  readonly durations = new DurationHistogram();
  readonly firstBytes = new DurationHistogram();

  /** @param times -1 takes a record out again that was added before */
  add(record: LedgerRecord, times: 1 | -1 = 1): void {
    this.attempts += times;
    if (record.attempt === 1) this.calls += times;
    const errorClass = errorClassOf(record);
    if (errorClass !== undefined) this[fieldOfClass[errorClass]] += times;
    this.inputTokens += times * (record.inputTokens ?? 0);
    this.outputTokens += times * (record.outputTokens ?? 0);
    this.cacheReadTokens += times * (record.cacheReadTokens ?? 0);
    this.cacheWriteTokens += times * (record.cacheWriteTokens ?? 0);
    this.reasoningTokens += times * (record.reasoningTokens ?? 0);
    this.costMicros += times * (record.costMicros ?? 0);
    if (record.costMicros === null && record.usageSource !== "none") this.unpricedAttempts += times;
    if (record.usageSource === "estimated") this.estimatedAttempts += times;
    this.durationMs += times * record.durationMs;
    this.durations.add(record.durationMs, times);
    if (record.firstByteMs === null) return;
    this.firstByteMs += times * record.firstByteMs;
    this.firstBytes.add(record.firstByteMs, times);
  }

  merge(other: UsageTally): void {
    for (const field of summedFields) this[field] += other[field];
    this.durations.merge(other.durations);
    this.firstBytes.merge(other.firstBytes);
  }
}

/** Where a tally counts each class of error. */
const fieldOfClass = {
  cancelled: "cancelledAttempts",
  request: "requestErrors",
  rate_limited: "rateLimitedAttempts",
  timeout: "timeouts",
  upstream: "upstreamErrors",
  interrupted: "interruptedAttempts",
} as const satisfies Record<ErrorClass, SummedField>;

/** What a tally counts of each class. */
export function errorsOf(tally: Readonly<Record<SummedField, number>>): Record<ErrorClass, number> {
  return {
    cancelled: tally[fieldOfClass.cancelled],
    request: tally[fieldOfClass.request],
    rate_limited: tally[fieldOfClass.rate_limited],
    timeout: tally[fieldOfClass.timeout],
    upstream: tally[fieldOfClass.upstream],
    interrupted: tally[fieldOfClass.interrupted],
  };
}

/** Why an attempt failed; undefined when the model said by itself that it was done. */
export function errorClassOf({ outcome, errorCode }: LedgerRecord): ErrorClass | undefined {
  switch (outcome) {
    case "stop":
    case "length":
    case "tool_calls":
    case "content_filter":
      return undefined;
    case "client_cancelled":
      return "cancelled";
    case "gateway_shutdown":
    case "interrupted":
      return "interrupted";
    case "upstream_timeout":
      return "timeout";
    case "upstream_incomplete":
    case "upstream_malformed":
    case "upstream_error":
      return errorCode === null ? "upstream" : (classOfCode[errorCode] ?? "upstream");
  }
}

/** The same for an error that a caller saw, which the platform itself may have refused the call with. */
export function errorClassOfCode(code: string): ErrorClass {
  return classOfRefusal[code] ?? classOfCode[code] ?? "upstream";
}

/** Errors that the upstream answered with, and that are not its own. */
const classOfCode: Readonly<Record<string, ErrorClass>> = {
  rate_limited: "rate_limited",
  invalid_request: "request",
  model_not_found: "request",
  context_length_exceeded: "request",
  payload_too_large: "request",
};

const classOfRefusal: Readonly<Record<string, ErrorClass>> = {
  client_cancelled: "cancelled",
  upstream_timeout: "timeout",
  request_timeout: "timeout",
  budget_exceeded: "rate_limited",
  overloaded: "rate_limited",
  unsupported_parameter: "request",
  unsupported_media_type: "request",
  forbidden: "request",
  not_found: "request",
  shutting_down: "interrupted",
  unavailable: "interrupted",
  audit_unavailable: "interrupted",
  sealed: "interrupted",
  insufficient_storage: "interrupted",
  internal: "interrupted",
};

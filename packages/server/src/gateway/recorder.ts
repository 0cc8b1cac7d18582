import type { PlatformError, Usage } from "@llm-platform/kit";
import { costMicros } from "../core/cost.ts";
import { sourceOf, statusOf } from "../core/error-status.ts";
import type { BudgetCharge } from "../core/budgets.ts";
import type { LedgerRecord, OpenAttempt } from "../core/ledger-record.ts";
import type { BudgetPrices } from "../core/budget-prices.ts";
import type { PriceTable } from "../core/prices.ts";
import type { PlatformMetrics } from "../telemetry/platform-metrics.ts";
import type { HistogramSeries, Metric, NumberSeries } from "../telemetry/metric-family.ts";
import type { ReplyFacts } from "../wire/reply-facts.ts";
import { AttemptRecord, type AttemptEnd } from "./attempt-record.ts";
import {
  explainAttempt,
  type Explained,
  explainRefusal,
  explainUnopened,
  type UnopenedCall,
} from "./explain-call.ts";
import type { RefusedCall } from "../core/refused-call.ts";
import { chargesOf } from "./attempt-charges.ts";
import { type FailureSink, noteFailure } from "./failure-log.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { Target } from "./targets.ts";
import type { CallTrace } from "./tracing/call-trace.ts";

/** Where finished records become durable. */
export interface RecordSink {
  /** Notes that an attempt began, so that a restart knows of it. Does not wait; `noted` runs when that is so. */
  begin(attempt: OpenAttempt, noted?: () => void): void;
  /** Calls `done` once the record outlives the process, or with an error when it was lost. */
  commit(attempt: OpenAttempt, record: LedgerRecord, done: (error?: PlatformError) => void): void;
}

/** Where calls are noted that ended without a reply. Never waits, and never throws. */
export interface RefusalSink {
  note(call: RefusedCall): void;
}

/** How an attempt went, told to the integration manager. */
export type TrafficOutcome = "ok" | "auth_failed" | "failed" | "rate_limited";

export interface RecorderParts {
  readonly sink: RecordSink;
  readonly prices: PriceTable;
  readonly budgetPrices: BudgetPrices;
  readonly metrics: PlatformMetrics;
  /** Where calls are noted that end without a reply; undefined where no records are kept. */
  readonly refusals?: RefusalSink | undefined;
  readonly failures: FailureSink;
  reportTraffic(integration: string, outcome: TrafficOutcome): void;
}

/** Writes down what every attempt came to: ledger, metrics, breaker and the integration's health. */
export interface Recorder {
  /** @param startedAtMs now, monotonic */
  begin(call: GatewayCall, target: Target, startedAtMs: number): AttemptRecord;
  /** Counts a call that was refused without any content. */
  refuse(call: GatewayCall, error: PlatformError): void;
  /** Notes a request that could not be read. It is no call, and is counted as none. */
  refuseUnopened(request: UnopenedCall, error: PlatformError): void;
}

/** Model names that may become label values; the rest is `other`. */
const mostModelLabels = 200;

export function createRecorder(parts: RecorderParts): Recorder {
  const { sink, prices, metrics } = parts;
  const modelLabels = new Set<string>();
  const seriesByTarget = new WeakMap<Target, Map<string, TargetSeries>>();

  function labelOf(target: Target): string {
    if (modelLabels.has(target.model)) return target.model;
    if (modelLabels.size >= mostModelLabels) return "other";
    modelLabels.add(target.model);
    return target.model;
  }

  function seriesFor(call: GatewayCall, target: Target): TargetSeries {
    const key = call.stream ? `${call.operation} stream` : call.operation;
    let byKey = seriesByTarget.get(target);
    if (byKey === undefined) {
      byKey = new Map();
      seriesByTarget.set(target, byKey);
    }
    let series = byKey.get(key);
    if (series === undefined) {
      series = new TargetSeries(metrics, { provider: target.provider, model: labelOf(target), call });
      byKey.set(key, series);
    }
    return series;
  }

  function judge(target: Target, error: PlatformError | undefined, nowMs: number): void {
    switch (error?.code) {
      case "upstream_error":
      case "upstream_incomplete":
      case "upstream_malformed":
      case "upstream_timeout":
        target.breaker.fail(nowMs);
        parts.reportTraffic(target.integration, "failed");
        return;
      case "upstream_auth":
        parts.reportTraffic(target.integration, "auth_failed");
        return;
      case "rate_limited":
        parts.reportTraffic(target.integration, "rate_limited");
        return;
      case undefined:
      case "invalid_request":
      case "unsupported_parameter":
      case "model_not_found":
      case "context_length_exceeded":
        target.breaker.succeed(nowMs);
        parts.reportTraffic(target.integration, "ok");
        return;
      default:
    }
  }

  function finish(record: AttemptRecord, end: AttemptEnd, done: () => void): void {
    const { call, target } = record;
    const nowMs = performance.now();
    const usage = usageOf(end, call);
    call.usedTokens += (usage.usage.inputTokens ?? 0) + (usage.usage.outputTokens ?? 0);
    const price =
      usage.source === "none"
        ? undefined
        : prices.lookup({
            integration: target.integration,
            provider: target.provider,
            model: target.model,
            atMs: record.open.start.startedAtMs,
          });
    const durationMs = Math.round(nowMs - record.startedAtMs);
    const cost = price === undefined ? null : costMicros(usage.usage, price, durationMs);
    const currency = price?.currency ?? null;
    const priceVersion = price?.version ?? null;
    const charges = chargesOf(record, { usage: usage.usage, cost, currency }, parts.budgetPrices);
    // Before the call gives its reservation back, so that the money is never free in between.
    if (charges.length > 0) call.hold?.spend?.(record.open.start.attemptId, charges);
    const series = seriesFor(call, target);
    series.countAttempt(record, { usage: usage.usage, cost, currency, nowMs });
    if (usage.source !== "none" && cost === null) series.costUnknown.add();
    if (end.facts.isPromptTruncated) metrics.promptsTruncated.series(series.provider, series.model).add();
    judge(target, end.error, nowMs);
    if (end.error !== undefined) noteFailure(parts.failures, record, end.error);
    if (call.stream) metrics.terminations.series(end.outcome).add();
    if (end.isFinal) {
      series.countCall(call, nowMs, "2xx");
      if (end.error !== undefined) countError(series.provider, series.model, end.error);
      call.end();
    }
    const explained = explainAttempt(record);
    const kept = toLedgerRecord(record, end, {
      durationMs,
      usage,
      cost,
      currency,
      priceVersion,
      charges,
      explained,
    });
    if (call.trace !== undefined) traceEnd(call.trace, record, { end, kept, nowMs });
    // A record that could not be kept is counted by the spool; the reply is not taken back for it.
    sink.commit(record.open, kept, () => done());
  }

  function countError(provider: string, model: string, error: PlatformError): void {
    metrics.errors.series(provider, model, error.code, sourceOf(error)).add();
  }

  return {
    begin(call, target, startedAtMs) {
      const record = new AttemptRecord({ call, target, startedAtMs }, finish);
      if (call.attempts > 1) metrics.retries.series(target.provider, labelOf(target)).add();
      sink.begin(record.open, call.stream ? () => record.noteBegin() : undefined);
      return record;
    },
    refuse(call, error) {
      const statusClass = `${Math.floor(statusOf(error.code) / 100)}xx`;
      metrics.requests.series("none", "other", call.operation, statusClass, String(call.stream)).add();
      countError("none", "other", error);
      const budget = call.limit?.budget?.refusal?.budget;
      if (budget !== undefined) metrics.budgetRefused.series(budget).add();
      const refusal = call.limit?.refusal;
      if (refusal !== undefined) metrics.rateLimited.series(`${refusal.scope}_${refusal.kind}`).add();
      const nowMs = performance.now();
      parts.refusals?.note(explainRefusal(call, error, nowMs));
      call.trace?.end(call, error, nowMs);
      call.end();
    },
    refuseUnopened: (request, error) =>
      parts.refusals?.note(explainUnopened(request, error, performance.now())),
  };
}

function traceEnd(
  trace: CallTrace,
  record: AttemptRecord,
  so: { readonly end: AttemptEnd; readonly kept: LedgerRecord; readonly nowMs: number },
): void {
  const { call, startedAtMs, firstContentAtMs } = record;
  const { error, isFinal } = so.end;
  trace.endAttempt({ startedAtMs, firstContentAtMs, endedAtMs: so.nowMs, record: so.kept, error });
  if (isFinal) trace.end(call, error, so.nowMs);
}

interface CountedUsage {
  readonly usage: Usage;
  readonly source: "reported" | "estimated" | "none";
}

/** What the upstream reported; where it reported nothing and something was generated, our estimate, marked as one. */
function usageOf(end: AttemptEnd, call: GatewayCall): CountedUsage {
  const { facts } = end;
  const isPartial = end.error !== undefined && facts.usage?.outputTokens === undefined;
  if (facts.usage !== undefined && !isPartial) return { usage: facts.usage, source: "reported" };
  if (facts.contentEvents === 0 && end.error !== undefined) return { usage: {}, source: "none" };
  const inputTokens = call.estimatedInputTokens;
  // Some upstreams tell the tokens of the prompt at the start, and those of the reply at an end that did not come.
  return {
    usage: { inputTokens, ...facts.usage, outputTokens: estimateOutput(facts, call) },
    source: "estimated",
  };
}

/** One event of a stream is about one token; of a whole reply without usage nothing is known but that it came. */
function estimateOutput(facts: ReplyFacts, call: GatewayCall): number {
  return call.operation === "embedding" ? 0 : facts.contentEvents;
}

interface Measured {
  readonly durationMs: number;
  readonly usage: CountedUsage;
  readonly cost: number | null;
  readonly currency: string | null;
  readonly priceVersion: string | null;
  readonly charges: readonly BudgetCharge[];
  readonly explained: Explained;
}

function toLedgerRecord(record: AttemptRecord, end: AttemptEnd, measured: Measured): LedgerRecord {
  const { start } = record.open;
  const { usage, source } = measured.usage;
  return {
    attemptId: start.attemptId,
    requestId: start.requestId,
    attempt: start.attempt,
    startedAtMs: start.startedAtMs,
    durationMs: measured.durationMs,
    firstByteMs:
      record.firstContentAtMs === 0 ? null : Math.round(record.firstContentAtMs - record.startedAtMs),
    principal: start.principal,
    operation: start.operation,
    requestedModel: start.requestedModel,
    integration: start.integration,
    provider: start.provider,
    upstreamModel: start.upstreamModel,
    stream: start.stream,
    outcome: end.outcome,
    httpStatus: end.status === 0 ? null : end.status,
    errorCode: end.error?.code ?? null,
    inputTokens: usage.inputTokens ?? null,
    outputTokens: usage.outputTokens ?? null,
    cacheReadTokens: usage.cacheReadTokens ?? null,
    cacheWriteTokens: usage.cacheWriteTokens ?? null,
    reasoningTokens: usage.reasoningTokens ?? null,
    usageSource: source,
    costMicros: measured.cost,
    currency: measured.currency,
    priceVersion: measured.priceVersion,
    endsCall: end.isFinal,
    beforeMs: measured.explained.beforeMs,
    stages: measured.explained.stages,
    headUs: measured.explained.headUs,
    notes: measured.explained.notes,
    charges: measured.charges.length === 0 ? undefined : measured.charges,
  };
}

interface SeriesLabels {
  readonly provider: string;
  readonly model: string;
  readonly call: GatewayCall;
}

/** The series of one target and kind of call, resolved once. */
class TargetSeries {
  readonly provider: string;
  readonly model: string;
  readonly costUnknown: NumberSeries;
  readonly #metrics: PlatformMetrics;
  readonly #succeeded: NumberSeries;
  readonly #duration: HistogramSeries;
  readonly #firstToken: HistogramSeries;
  readonly #perToken: HistogramSeries;
  readonly #input: NumberSeries;
  readonly #output: NumberSeries;
  readonly #overhead: HistogramSeries;
  readonly #operation: string;
  readonly #tokens = new Map<string, NumberSeries>();
  readonly #costs = new Map<string, NumberSeries>();

  constructor(metrics: PlatformMetrics, { provider, model, call }: SeriesLabels) {
    this.provider = provider;
    this.model = model;
    this.#metrics = metrics;
    this.#operation = call.operation;
    this.#succeeded = metrics.requests.series(provider, model, call.operation, "2xx", String(call.stream));
    this.#duration = metrics.requestDuration.series(provider, model, call.operation);
    this.#firstToken = metrics.firstToken.series(provider, model);
    this.#perToken = metrics.perOutputToken.series(provider, model);
    this.#input = metrics.tokens.series(provider, model, "input");
    this.#output = metrics.tokens.series(provider, model, "output");
    this.#overhead = metrics.overhead.series();
    this.costUnknown = metrics.costUnknown.series(provider, model);
  }

  countAttempt(
    record: AttemptRecord,
    so: {
      readonly usage: Usage;
      readonly cost: number | null;
      readonly currency: string | null;
      readonly nowMs: number;
    },
  ): void {
    const { usage } = so;
    this.#input.add(usage.inputTokens ?? 0);
    this.#output.add(usage.outputTokens ?? 0);
    if (usage.cacheReadTokens !== undefined) this.#countTokens("cache_read", usage.cacheReadTokens);
    if (usage.cacheWriteTokens !== undefined) this.#countTokens("cache_write", usage.cacheWriteTokens);
    if (usage.reasoningTokens !== undefined) this.#countTokens("reasoning", usage.reasoningTokens);
    if (so.cost !== null && so.currency !== null) {
      this.#seriesOf(this.#costs, this.#metrics.cost, so.currency).add(so.cost / 1_000_000);
    }
    if (!record.call.stream || record.firstContentAtMs === 0) return;
    this.#firstToken.observe(
      (record.firstContentAtMs - record.call.startedAtMs) / 1_000,
      record.call.sampledTraceId,
    );
    const tokens = usage.outputTokens ?? 0;
    if (tokens > 1) this.#perToken.observe((so.nowMs - record.firstContentAtMs) / 1_000 / (tokens - 1));
  }

  countCall(call: GatewayCall, nowMs: number, statusClass: string): void {
    if (statusClass === "2xx") this.#succeeded.add();
    else
      this.#metrics.requests
        .series(this.provider, this.model, this.#operation, statusClass, String(call.stream))
        .add();
    this.#duration.observe((nowMs - call.startedAtMs) / 1_000, call.sampledTraceId);
    this.#overhead.observe((call.sentAtMs - call.startedAtMs) / 1_000);
  }

  #countTokens(type: string, amount: number): void {
    this.#seriesOf(this.#tokens, this.#metrics.tokens, type).add(amount);
  }

  /** A series that not every target has: made when it is first needed, so that `/metrics` shows no empty ones. */
  #seriesOf(known: Map<string, NumberSeries>, metric: Metric<NumberSeries>, label: string): NumberSeries {
    let series = known.get(label);
    if (series === undefined) {
      series = metric.series(this.provider, this.model, label);
      known.set(label, series);
    }
    return series;
  }
}

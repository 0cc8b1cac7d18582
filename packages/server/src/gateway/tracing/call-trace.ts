import type { Dialect, Operation, PlatformError } from "@llm-platform/kit";
import type { SpanId, TraceId } from "../../core/trace-id.ts";
import type { TraceFields } from "../../telemetry/log.ts";
import { placeInTrace } from "../../telemetry/tracing/trace-place.ts";
import type { CallTracing } from "./call-tracing.ts";
import { OutputCollector } from "./output-collector.ts";
import type { TracedAttempt, TracedCall, TracePlace } from "./traced-call.ts";

/**
 * The place of a call in its trace, and the moments that its spans are made of. Spans are made when the call has ended:
 * only then it is known whether it failed or was slow, and one that is not kept has cost its ids and no more.
 */
export class CallTrace implements TracePlace {
  readonly traceId: TraceId;
  /** Undefined where the trace begins here. */
  readonly parentSpanId: SpanId | undefined;
  /** Whether the trace is kept, as far as that is known at the beginning. The upstream is told the same. */
  readonly isSampled: boolean;
  /** Monotonic; 0 for a call that did not get so far. */
  admittedAtMs = 0;
  routedAtMs = 0;
  readonly attempts: TracedAttempt[] = [];
  readonly #tracing: CallTracing;
  #serverSpanId: SpanId | undefined;
  #next: Pick<TracedAttempt, "spanId" | "dialect"> | undefined;
  #output: OutputCollector | undefined;

  /** @param traceparent of the caller, well formed */
  constructor(tracing: CallTracing, traceparent: string | undefined) {
    const { traceId, parentSpanId, isSampled } = placeInTrace(traceparent, tracing.ids, tracing.settings);
    this.#tracing = tracing;
    this.traceId = traceId;
    this.parentSpanId = parentSpanId;
    this.isSampled = isSampled;
  }

  /** The span of what the caller asked for. */
  get serverSpanId(): SpanId {
    this.#serverSpanId ??= this.#tracing.ids.spanId();
    return this.#serverSpanId;
  }

  /** What a line of the log is told that is about the call. */
  get logFields(): TraceFields {
    return { trace_id: String(this.traceId), span_id: String(this.serverSpanId) };
  }

  /** Begins the span of the next attempt. Returns the traceparent for the upstream. */
  beginAttempt(dialect: Dialect): string {
    const { ids } = this.#tracing;
    const spanId = ids.spanId();
    this.#next = { spanId, dialect };
    return ids.traceparent({ traceId: this.traceId, spanId, isSampled: this.isSampled });
  }

  get output(): OutputCollector | undefined {
    return this.#output;
  }

  /**
   * What is to collect the answer to the attempt that begins; undefined where it is not recorded. Of a call that is kept
   * only for its end it is not: that is not known before.
   */
  collectOutput(operation: Operation): OutputCollector | undefined {
    const { content } = this.#tracing.settings;
    if (content === undefined || !this.isSampled || operation === "embedding") return undefined;
    this.#output = new OutputCollector(content.maxBytes);
    return this.#output;
  }

  /** Notes an attempt that has ended. */
  endAttempt(ended: Omit<TracedAttempt, "spanId" | "dialect">): void {
    if (this.#next === undefined) return;
    const { spanId, dialect } = this.#next;
    const { startedAtMs, firstContentAtMs, endedAtMs, record, error } = ended;
    this.attempts.push({ spanId, dialect, startedAtMs, firstContentAtMs, endedAtMs, record, error });
    this.#next = undefined;
  }

  /**
   * The call is over: makes its spans if they are to be kept.
   * @param endedAtMs monotonic
   */
  end(call: TracedCall, error: PlatformError | undefined, endedAtMs: number): void {
    const { settings, ids } = this.#tracing;
    const hasFailed = error !== undefined && error.code !== "client_cancelled";
    const isSlow = endedAtMs - call.startedAtMs > settings.slowMs;
    if (!this.isSampled && !hasFailed && !isSlow) return;
    const epochMs = Date.now() - performance.now();
    const end = { error, endedAtMs, epochMs, serverSpanId: this.serverSpanId, callSpanId: ids.spanId() };
    this.#tracing.write({ call, trace: this, end });
  }
}

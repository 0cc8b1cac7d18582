import { AsyncLocalStorage } from "node:async_hooks";
import type { SpanId, TraceId } from "../../core/trace-id.ts";
import type { Attributes, SpanKind } from "./span.ts";
import type { SpanBuffer } from "./span-buffer.ts";
import type { TraceFields } from "../log.ts";
import { placeInTrace } from "./trace-place.ts";
import type { ActiveTracing, Tracing } from "./tracing.ts";

/** What a span of work is called, and what is known of it. */
export interface Work {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
  /** Of whoever asked for it, well formed: where the trace does not begin here, and is not one that goes on here. */
  readonly traceparent?: string | undefined;
}

/** Work that is over. */
export interface EndedWork extends Work {
  readonly durationMs: number;
  /** What went wrong, for a person; undefined when nothing did. */
  readonly error: string | undefined;
}

/** A trace that began with work of the platform, and not with a call. */
interface WorkTrace {
  readonly active: ActiveTracing;
  readonly traceId: TraceId;
  /** Whether it is kept, as far as that is known at the beginning. */
  readonly isSampled: boolean;
  /** Of a trace that is not, what would be written if it turned out to have failed or to be slow. */
  readonly waiting: ((spans: SpanBuffer) => void)[];
}

interface Scope {
  readonly trace: WorkTrace;
  readonly spanId: SpanId;
  readonly parentSpanId: SpanId | undefined;
  /** Whether the platform's part of the trace begins with it. */
  readonly isFirst: boolean;
}

/** Spans of a trace that wait for its end. */
const mostWaiting = 100;

/**
 * Spans of what is no call of a model: operations, and what the platform asks of its database, of Redis and of the
 * servers of integrations. What is asked in the course of a span belongs under it; the rest begins a trace, of which
 * the sampler keeps its part, and which is kept when it failed or was slow.
 */
export class WorkSpans {
  readonly #tracing: Pick<Tracing, "current">;
  readonly #scopes = new AsyncLocalStorage<Scope>();

  constructor(tracing: Pick<Tracing, "current">) {
    this.#tracing = tracing;
  }

  /**
   * Does work within a span. Rejects as the work does.
   * @param describe what is known of the work when it has been done
   */
  async run<Result>(
    work: Work,
    action: () => Promise<Result>,
    describe: (result: Result) => Attributes = noAttributes,
  ): Promise<Result> {
    const scope = this.#begin(work.traceparent);
    if (scope === undefined) return action();
    const startedAtMs = performance.now();
    const end = (error: string | undefined, attributes: Attributes) => {
      const durationMs = performance.now() - startedAtMs;
      const ended = { ...work, attributes: { ...work.attributes, ...attributes }, durationMs, error };
      this.#end(scope, ended);
    };
    try {
      const result = await this.#scopes.run(scope, action);
      end(undefined, describe(result));
      return result;
    } catch (error) {
      end(error instanceof Error ? error.message : "It failed.", {});
      throw error;
    }
  }

  /** What a line of the log is told that is written in the course of a span; undefined outside of any. */
  get logFields(): TraceFields | undefined {
    const scope = this.#scopes.getStore();
    return scope && { trace_id: String(scope.trace.traceId), span_id: String(scope.spanId) };
  }

  /** Notes work that has just ended. */
  note(ended: EndedWork): void {
    const scope = this.#begin(ended.traceparent);
    if (scope !== undefined) this.#end(scope, ended);
  }

  /** A span in the one that is being done, or of a trace that begins; undefined while nothing is traced. */
  #begin(traceparent: string | undefined): Scope | undefined {
    const active = this.#tracing.current;
    if (active === undefined) return undefined;
    const around = this.#scopes.getStore();
    const { ids, settings } = active;
    const spanId = ids.spanId();
    if (around?.trace.active === active)
      return { trace: around.trace, spanId, parentSpanId: around.spanId, isFirst: false };
    const { traceId, parentSpanId, isSampled } = placeInTrace(traceparent, ids, settings);
    return { trace: { active, traceId, isSampled, waiting: [] }, spanId, parentSpanId, isFirst: true };
  }

  #end({ trace, spanId, parentSpanId, isFirst }: Scope, ended: EndedWork): void {
    const { active, traceId, isSampled, waiting } = trace;
    const endMs = performance.timeOrigin + performance.now();
    const { kind, durationMs, error } = ended;
    const head = { traceId, spanId, parentSpanId, kind, startMs: endMs - durationMs, endMs };
    const write = (spans: SpanBuffer) => writeWork(spans, head, ended);
    if (isSampled) active.write(write);
    else if (!isFirst) {
      if (waiting.length < mostWaiting) waiting.push(write);
    } else if (error !== undefined || durationMs > active.settings.slowMs)
      active.write((spans) => {
        for (const each of [...waiting, write]) each(spans);
      });
  }
}

function noAttributes(): Attributes {
  return {};
}

function writeWork(
  spans: SpanBuffer,
  head: Parameters<SpanBuffer["begin"]>[0],
  { name, attributes = {}, error }: EndedWork,
): void {
  spans.begin(head);
  spans.name(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) spans.attribute(key, value);
  spans.end(error);
}

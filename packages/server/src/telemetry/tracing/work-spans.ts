import { AsyncLocalStorage } from "node:async_hooks";
import { isWithinRatio } from "../../core/trace-context.ts";
import type { SpanId, TraceId } from "../../core/trace-id.ts";
import type { Attributes, SpanKind } from "./span.ts";
import type { SpanBuffer } from "./span-buffer.ts";
import type { ActiveTracing, Tracing } from "./tracing.ts";

/** What a span of work is called, and what is known of it. */
export interface Work {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
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
    const scope = this.#begin();
    if (scope === undefined) return action();
    const parentSpanId = this.#scopes.getStore()?.spanId;
    const startedAtMs = performance.now();
    const end = (error: string | undefined, attributes: Attributes) => {
      const durationMs = performance.now() - startedAtMs;
      const ended = { ...work, attributes: { ...work.attributes, ...attributes }, durationMs, error };
      this.#end(scope, parentSpanId, ended);
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

  /** Notes work that has just ended. */
  note(ended: EndedWork): void {
    const scope = this.#begin();
    if (scope !== undefined) this.#end(scope, this.#scopes.getStore()?.spanId, ended);
  }

  /** A span in the one that is being done, or of a trace that begins; undefined while nothing is traced. */
  #begin(): Scope | undefined {
    const active = this.#tracing.current;
    if (active === undefined) return undefined;
    const parent = this.#scopes.getStore();
    const spanId = active.ids.spanId();
    if (parent?.trace.active === active) return { trace: parent.trace, spanId };
    const traceId = active.ids.traceId();
    const isSampled = isWithinRatio(traceId, active.settings.ratio);
    return { trace: { active, traceId, isSampled, waiting: [] }, spanId };
  }

  #end({ trace, spanId }: Scope, parentSpanId: SpanId | undefined, ended: EndedWork): void {
    const { active, traceId, isSampled, waiting } = trace;
    const endMs = performance.timeOrigin + performance.now();
    const { kind, durationMs, error } = ended;
    const head = { traceId, spanId, parentSpanId, kind, startMs: endMs - durationMs, endMs };
    const write = (spans: SpanBuffer) => writeWork(spans, head, ended);
    if (isSampled) active.write(write);
    else if (parentSpanId !== undefined) {
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

import type { SpanId, TraceId } from "../../core/trace-id.ts";

/** What a span is of: work of this process, what a caller asked of it, what it asked of another. */
export type SpanKind = "internal" | "server" | "client";

export type AttributeValue = string | number | boolean | readonly string[];

/** By name, in the order in which they are shown. A value that is undefined is left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** What every span has beside its name. Times are Unix time in milliseconds, with fractions. */
export interface SpanHead {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  /** Undefined for the first of a trace. */
  readonly parentSpanId: SpanId | undefined;
  readonly kind: SpanKind;
  readonly startMs: number;
  readonly endMs: number;
}

/** Spans that have ended, each as field 2 of OTLP's `ScopeSpans`: such pieces can be put behind one another. */
export interface EncodedSpans {
  readonly bytes: Uint8Array;
  /** How many there are. */
  readonly count: number;
}

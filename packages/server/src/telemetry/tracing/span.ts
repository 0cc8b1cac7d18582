export type AttributeValue = string | number | boolean | readonly string[];

/** By name, in the order in which they are shown. A value that is undefined is left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Something that happened at one moment of a span. */
export interface SpanEvent {
  readonly name: string;
  /** Unix time in milliseconds, with fractions. */
  readonly atMs: number;
  readonly attributes?: Attributes;
}

/** A span that has ended, as plain data: it can be sent to another process. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the first of a trace. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: "server" | "client";
  /** Unix time in milliseconds, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** What went wrong, for a person; undefined when nothing did. */
  readonly error: string | undefined;
}

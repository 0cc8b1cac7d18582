import type { Json } from "@llm-platform/kit";
import type { SpanId, TraceId } from "../../core/trace-id.ts";
import type { ProtoWriter } from "./proto-writer.ts";

/** Something that is told beside a span, with what belongs to it. */
export interface SpanEvent {
  readonly name: string;
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  /** Unix time in milliseconds, with fractions. */
  readonly atMs: number;
  /** A value that is undefined is left out. */
  readonly attributes: readonly (readonly [name: string, value: Json | undefined])[];
}

/** What is no news, say the conventions of such events. */
const debugSeverity = 5;

/**
 * A `LogRecord` of OTLP 1, as field 2 of its `ScopeLogs`.
 * @param writer for this alone; the result has memory of its own, and no more than it takes
 */
export function encodeEvent(writer: ProtoWriter, event: SpanEvent): Uint8Array {
  const { name, traceId, spanId, atMs, attributes } = event;
  writer.reset();
  writer.message(2, () => {
    writer.time(1, atMs);
    writer.uint(2, debugSeverity);
    writer.text(3, "DEBUG");
    for (const [key, value] of attributes) writer.attribute(6, key, value);
    writer.bytes(9, Buffer.from(String(traceId), "hex"));
    writer.bytes(10, Buffer.from(String(spanId), "hex"));
    writer.time(11, atMs);
    writer.text(12, name);
  });
  return new Uint8Array(writer.finish());
}

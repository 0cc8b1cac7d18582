import type { Span } from "../tracing/span.ts";
import type { ProtoWriter } from "./proto-writer.ts";
import { encodeExport, type TelemetrySource } from "./resource.ts";

const kinds: Readonly<Record<Span["kind"], number>> = { server: 2, client: 3 };
const errorStatus = 2;
/** Flags of W3C Trace Context: what is exported is kept. */
const sampledFlags = 1;

/** `ExportTraceServiceRequest` of OTLP 1. */
export function encodeSpans(source: TelemetrySource, spans: readonly Span[]): Buffer {
  return encodeExport(source, spans, writeSpan);
}

function writeSpan(writer: ProtoWriter, field: number, span: Span): void {
  const { parentSpanId, error } = span;
  writer.message(field, () => {
    writer.hexBytes(1, span.traceId);
    writer.hexBytes(2, span.spanId);
    if (parentSpanId !== undefined) writer.hexBytes(4, parentSpanId);
    writer.text(5, span.name);
    writer.uint(6, kinds[span.kind]);
    writer.time(7, span.startMs);
    writer.time(8, span.endMs);
    for (const key in span.attributes) writer.attribute(9, key, span.attributes[key]);
    for (const { name, atMs, attributes } of span.events)
      writer.message(11, () => {
        writer.time(1, atMs);
        writer.text(2, name);
        for (const key in attributes) writer.attribute(3, key, attributes[key]);
      });
    if (error !== undefined)
      writer.message(15, () => {
        writer.text(2, error);
        writer.uint(3, errorStatus);
      });
    writer.fixed32(16, sampledFlags);
  });
}

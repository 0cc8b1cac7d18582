import type { Attributes, AttributeValue } from "../tracing/span.ts";
import type { ProtoWriter } from "./proto-writer.ts";
import { encodeExport, type TelemetrySource } from "./resource.ts";

/** Severity numbers of OpenTelemetry, by the levels of our log. */
const severities: Readonly<Record<string, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};

/** A line of the log, or an event as field 2 of `ScopeLogs`. */
export type LogItem = string | Uint8Array;

/**
 * `ExportLogsServiceRequest` of OTLP 1.
 * @param items lines of our log, each a JSON object, and events that are encoded already; other lines are left out
 */
export function encodeLogs(source: TelemetrySource, items: readonly LogItem[]): Buffer {
  return encodeExport(source, items, (writer, field, item) => {
    if (typeof item !== "string") writer.encoded(item);
    else for (const record of parseLine(item)) writeRecord(writer, field, record);
  });
}

interface LogRecord {
  /** Hexadecimal digits; undefined for what belongs to no trace. */
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly atMs: number;
  readonly level: string;
  readonly event: string;
  readonly attributes: Attributes;
}

function parseLine(line: string): readonly LogRecord[] {
  try {
    const { level, time, event, trace_id, span_id, ...fields }: Readonly<Record<string, unknown>> =
      JSON.parse(line);
    const attributes = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, toAttribute(value)]),
    );
    const atMs = Date.parse(String(time));
    const place = { traceId: readId(trace_id, 32), spanId: readId(span_id, 16) };
    return Number.isNaN(atMs)
      ? []
      : [{ ...place, atMs, level: String(level), event: String(event), attributes }];
  } catch {
    // The log writes objects only; what is none is not ours to tell.
    return [];
  }
}

/** Undefined for what is no id of so many hexadecimal digits. */
function readId(value: unknown, length: number): string | undefined {
  return typeof value === "string" && value.length === length && /^[0-9a-f]+$/.test(value)
    ? value
    : undefined;
}

function toAttribute(value: unknown): AttributeValue | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  return JSON.stringify(value);
}

function writeRecord(writer: ProtoWriter, field: number, record: LogRecord): void {
  const { traceId, spanId, atMs, level, event, attributes } = record;
  writer.message(field, () => {
    writer.time(1, atMs);
    writer.uint(2, severities[level] ?? 0);
    writer.text(3, level.toUpperCase());
    writer.anyValue(5, event);
    for (const [key, value] of Object.entries(attributes)) writer.attribute(6, key, value);
    if (traceId !== undefined) writer.bytes(9, Buffer.from(traceId, "hex"));
    if (spanId !== undefined) writer.bytes(10, Buffer.from(spanId, "hex"));
    writer.time(11, atMs);
    writer.text(12, event);
  });
}

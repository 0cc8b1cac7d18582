import type { MetricDefinition, SeriesData } from "../metric-definition.ts";
import type { ProtoWriter } from "./proto-writer.ts";
import { encodeExport, type TelemetrySource } from "./resource.ts";

/** A metric with the series of all processes. */
export interface MetricData {
  readonly definition: MetricDefinition;
  readonly series: readonly SeriesData[];
}

/** The span of time that the values are of, in Unix milliseconds. */
export interface MetricWindow {
  readonly startedAtMs: number;
  readonly nowMs: number;
}

/** Values count from the server's start, as Prometheus sees them. */
const cumulative = 2;

/** `ExportMetricsServiceRequest` of OTLP 1. */
export function encodeMetrics(
  source: TelemetrySource,
  metrics: readonly MetricData[],
  window: MetricWindow,
): Buffer {
  return encodeExport(source, metrics, (writer, field, metric) =>
    writeMetric(writer, field, { metric, window }),
  );
}

interface Written {
  readonly metric: MetricData;
  readonly window: MetricWindow;
}

function writeMetric(writer: ProtoWriter, field: number, { metric, window }: Written): void {
  const { definition, series } = metric;
  const { name, help, type } = definition;
  writer.message(field, () => {
    writer.text(1, name);
    writer.text(2, help);
    writer.text(3, unitOf(name));
    writer.message(type === "gauge" ? 5 : type === "counter" ? 7 : 9, () => {
      for (const each of series) writePoint(writer, each, { definition, window });
      if (type !== "gauge") writer.uint(2, cumulative);
      if (type === "counter") writer.uint(3, 1);
    });
  });
}

interface PointOf {
  readonly definition: MetricDefinition;
  readonly window: MetricWindow;
}

function writePoint(
  writer: ProtoWriter,
  { values, value, counts }: SeriesData,
  { definition, window }: PointOf,
): void {
  const isHistogram = counts !== undefined;
  writer.message(1, () => {
    if (definition.type !== "gauge") writer.time(2, window.startedAtMs);
    writer.time(3, window.nowMs);
    for (const [index, label] of definition.labels.entries())
      writer.attribute(isHistogram ? 9 : 7, label, values[index] ?? "");
    if (!isHistogram) {
      writer.double(4, value);
      return;
    }
    writer.fixed64(4, BigInt(counts.reduce((sum, count) => sum + count, 0)));
    writer.double(5, value);
    for (const count of counts) writer.fixed64(6, BigInt(count));
    for (const bound of definition.buckets ?? []) writer.double(7, bound);
  });
}

/** In UCUM, as far as the name tells. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return "s";
  if (/_bytes(_total)?$/.test(name)) return "By";
  if (name.endsWith("_percent")) return "%";
  return "1";
}

import type { Exemplar, MetricDefinition, SeriesData } from "./metric-definition.ts";

/** The text format of Prometheus, version 0.0.4, or OpenMetrics 1.0, which has exemplars. */
export type ExpositionFormat = "prometheus" | "openmetrics";

/** What the formats are called in HTTP. */
export const expositionTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The format that a client wants by its `accept`: OpenMetrics where it names it, for it is what has more. */
export function chooseFormat(accept: string | undefined): ExpositionFormat {
  const wanted = (accept ?? "").split(",").find((each) => /^\s*application\/openmetrics-text\b/i.test(each));
  return wanted === undefined || /;\s*q=0(?:\.0*)?\s*(?:;|$)/i.test(wanted) ? "prometheus" : "openmetrics";
}

/** The lines about a metric before its series. OpenMetrics names a counter without its `_total`. */
export function formatHead({ name, help, type }: MetricDefinition, format: ExpositionFormat): string {
  const family = format === "openmetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
  const text = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  const escaped = format === "openmetrics" ? text.replaceAll('"', '\\"') : text;
  return `# HELP ${family} ${escaped}\n# TYPE ${family} ${type}\n`;
}

/** The lines of one series. */
export function formatSeries(
  definition: MetricDefinition,
  series: SeriesData,
  format: ExpositionFormat,
): string {
  const { name, labels } = definition;
  const pairs = labels
    .map((label, index) => `${label}="${escapeLabel(series.values[index] ?? "")}"`)
    .join(",");
  return series.counts === undefined
    ? `${name}${braces(pairs)} ${series.value}\n`
    : formatHistogram(definition, { ...series, counts: series.counts }, { pairs, format });
}

function formatHistogram(
  { name, buckets = [] }: MetricDefinition,
  series: SeriesData & { readonly counts: Float64Array },
  { pairs, format }: { readonly pairs: string; readonly format: ExpositionFormat },
): string {
  const before = pairs === "" ? "" : `${pairs},`;
  let text = "";
  let count = 0;
  for (let index = 0; index <= buckets.length; index++) {
    count += series.counts[index] ?? 0;
    const exemplar = format === "openmetrics" ? series.exemplars?.[index] : undefined;
    text += `${name}_bucket{${before}le="${buckets[index] ?? "+Inf"}"} ${count}${formatExemplar(exemplar)}\n`;
  }
  return `${text}${name}_sum${braces(pairs)} ${series.value}\n${name}_count${braces(pairs)} ${count}\n`;
}

function formatExemplar(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return "";
  const { traceId, value, atSeconds } = exemplar;
  return ` # {trace_id="${traceId}"} ${value} ${atSeconds.toFixed(3)}`;
}

function braces(pairs: string): string {
  return pairs === "" ? "" : `{${pairs}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

import type { MetricDefinition } from "../metric-definition.ts";
import { formatSelector } from "../rules/promql.ts";
import type { Selector } from "../rules/condition.ts";
import type { Panel, PanelQuery } from "./dashboard.ts";

/** What the variables of a dashboard narrow a metric with these labels to. */
function narrow(metric: MetricDefinition, suffix = "", more: readonly string[] = []): string {
  const chosen = ["provider", "model"].filter((label) => metric.labels.includes(label));
  const pairs = [...chosen.map((label) => `${label}=~"$${label}"`), ...more];
  return `${metric.name}${suffix}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`}`;
}

/** How fast a counter rises, by labels. */
export function rate(metric: MetricDefinition, by: readonly string[] = []): string {
  return `sum${group(by)} (rate(${narrow(metric)}[$__rate_interval]))`;
}

/** The same of some of its series, whatever provider and model are chosen. */
export function rateOf(selector: Selector, by: readonly string[] = []): string {
  return `sum${group(by)} (rate(${formatSelector(selector)}[$__rate_interval]))`;
}

/** By how much a counter rose in a time, by labels. */
export function rise(metric: MetricDefinition, length: string, by: readonly string[] = []): string {
  return `sum${group(by)} (increase(${narrow(metric)}[${length}]))`;
}

/** What something cost in a time, in the currency that is chosen. */
export function costOf(metric: MetricDefinition, length: string, by: readonly string[] = []): string {
  return `sum${group(by)} (increase(${narrow(metric, "", ['currency="$currency"'])}[${length}]))`;
}

/** A quantile of a histogram, by labels. */
export function quantile(value: number, metric: MetricDefinition, by: readonly string[] = []): string {
  const buckets = `rate(${narrow(metric, "_bucket")}[$__rate_interval])`;
  return `histogram_quantile(${value}, sum${group([...by, "le"])} (${buckets}))`;
}

/** A gauge added up over processes, by labels. */
export function total(metric: MetricDefinition, by: readonly string[] = []): string {
  return `sum${group(by)} (${narrow(metric)})`;
}

/** The highest of a gauge over replicas, by labels. */
export function highest(metric: MetricDefinition, by: readonly string[] = []): string {
  return `max${group(by)} (${narrow(metric)})`;
}

/** Lines for the median and the two quantiles that are told most, with traces at the slowest. */
export function latencyQueries(metric: MetricDefinition): readonly PanelQuery[] {
  return [
    { expression: quantile(0.5, metric), legend: "p50" },
    { expression: quantile(0.95, metric), legend: "p95" },
    { expression: quantile(0.99, metric), legend: "p99", hasExemplars: true },
  ];
}

type PanelFacts = Omit<Panel, "width" | "queries"> & {
  readonly queries: readonly PanelQuery[] | string;
  readonly legend?: string;
};

/** A panel of a fourth of the width, for one number. */
export function small(panel: Omit<PanelFacts, "kind">): Panel {
  return toPanel({ ...panel, kind: "number" }, 6);
}

/** A panel of a third of the width. */
export function third(panel: PanelFacts): Panel {
  return toPanel(panel, 8);
}

/** A panel of half the width. */
export function half(panel: PanelFacts): Panel {
  return toPanel(panel, 12);
}

/** A panel of two thirds of the width. */
export function wide(panel: PanelFacts): Panel {
  return toPanel(panel, 16);
}

/** A panel of the whole width. */
export function full(panel: PanelFacts): Panel {
  return toPanel(panel, 24);
}

function toPanel({ queries, legend, ...rest }: PanelFacts, width: number): Panel {
  const only: PanelQuery[] =
    typeof queries === "string"
      ? [{ expression: queries, ...(legend === undefined ? {} : { legend }) }]
      : [...queries];
  return { ...rest, queries: only, width };
}

function group(by: readonly string[]): string {
  return by.length === 0 ? "" : ` by (${by.join(", ")})`;
}

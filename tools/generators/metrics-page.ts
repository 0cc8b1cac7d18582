import { builtInIntegrations } from "@llm-platform/integrations";
import { integrationMetricPrefix, metricNames } from "../../packages/server/src/telemetry/names.ts";
import { code, formatPage, formatTable } from "./markdown.ts";

type Metric = {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
};

/** The page about metrics. */
export function metricsPage(): string {
  return formatPage([
    "# Metrics",
    "`GET /metrics` in the text format of Prometheus, or in OpenMetrics for who asks for it. With API keys configured it needs one, as every path but the probes does.",
    "Sets of labels are closed: a model beyond the two hundredth is `other`, and nothing that a client sends becomes a label by itself.",
    "## The platform",
    table(Object.values<Metric>(metricNames)),
    "Beside them stand the process metrics with their usual names (`process_…`, `nodejs_…`).",
    "## Integrations",
    `An integration declares its own; they are shown as ${code(`${integrationMetricPrefix}<id>_<name>`)}, with the label \`integration\` for the instance.`,
    ...builtInIntegrations.flatMap((definition) => {
      const prefix = `${integrationMetricPrefix}${definition.id.replaceAll("-", "_")}_`;
      const own = (definition.metrics ?? []).map((metric) => ({
        ...metric,
        name: `${prefix}${metric.name}`,
        labels: ["integration", ...(metric.labels ?? [])],
      }));
      return own.length === 0 ? [] : [`### ${definition.id}`, table(own)];
    }),
  ]);
}

function table(metrics: readonly Metric[]): string {
  return formatTable(
    ["Name", "Type", "Labels", "What it counts", "Buckets"],
    metrics.map(({ name, type, labels, help, buckets }) => [
      code(name),
      type,
      (labels ?? []).map(code).join(", "),
      help,
      (buckets ?? []).join(" "),
    ]),
  );
}

import { type Instruments, type LabelValues, type MetricDeclaration, PlatformError } from "@llm-platform/kit";
import type { KnownSecrets } from "../core/known-secrets.ts";
import { HistogramSeries, type Metric, NumberSeries } from "./metric-family.ts";
import { integrationMetricPrefix } from "./names.ts";
import type { MetricRegistry } from "./registry.ts";

type AnyMetric = Metric<NumberSeries> | Metric<HistogramSeries>;

/** Makes the instruments of integrations; instances of one definition share its metrics. */
export interface InstrumentFactory {
  create(input: {
    readonly definitionId: string;
    readonly integration: string;
    readonly declarations: readonly MetricDeclaration[];
  }): Instruments;
}

/**
 * @param registry where the declared metrics are shown
 * @param secrets kept out of labels
 */
export function createInstrumentFactory(registry: MetricRegistry, secrets: KnownSecrets): InstrumentFactory {
  const known = new Map<string, AnyMetric>();

  function define(definitionId: string, declaration: MetricDeclaration): AnyMetric {
    const name = `${integrationMetricPrefix}${definitionId.replaceAll("-", "_")}_${declaration.name}`;
    const existing = known.get(name);
    if (existing !== undefined) return existing;
    const definition = { ...declaration, name, labels: ["integration", ...(declaration.labels ?? [])] };
    const made: AnyMetric =
      declaration.type === "histogram"
        ? registry.histogram(definition)
        : declaration.type === "gauge"
          ? registry.gauge(definition)
          : registry.counter(definition);
    known.set(name, made);
    return made;
  }

  return {
    create({ definitionId, integration, declarations }) {
      const metrics = new Map(
        declarations.map((declaration) => [declaration.name, define(definitionId, declaration)]),
      );

      function seriesOf(name: string, labels: LabelValues): NumberSeries | HistogramSeries {
        const metric = metrics.get(name);
        if (metric === undefined) {
          throw new PlatformError(
            "internal",
            `The integration ${integration} did not declare the metric ${name}.`,
          );
        }
        const [, ...labelNames] = metric.definition.labels;
        return metric.series(integration, ...labelNames.map((label) => secrets.hide(labels[label] ?? "")));
      }

      return {
        add(name, amount, labels = {}) {
          const series = seriesOf(name, labels);
          if (series instanceof NumberSeries) series.add(Math.max(0, amount));
        },
        set(name, value, labels = {}) {
          const series = seriesOf(name, labels);
          if (series instanceof NumberSeries) series.set(value);
        },
        observe(name, value, labels = {}) {
          const series = seriesOf(name, labels);
          if (series instanceof HistogramSeries) series.observe(value);
        },
      };
    },
  };
}

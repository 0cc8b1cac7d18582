import type { MetricDefinition } from "../metric-definition.ts";
import { metricNames } from "../names.ts";

/** Labels that tell the figures of one answer apart. */
export const figureLabel = "figure";
export const percentileLabel = "percentile";

const percentiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

/**
 * One expression for every figure of a bucket, so that they are of one moment: each series has its name in the label
 * `figure`. Asked at the end of a bucket, it is about that bucket.
 * @param job the label that Prometheus scrapes the platform under
 */
export function historyQuery(job: string, stepSeconds: number): string {
  const window = `[${stepSeconds}s]`;
  const rise = (metric: MetricDefinition, by = "", more = "") =>
    `sum${by} (increase(${metric.name}{job="${job}"${more}}${window}))`;
  return [
    named("calls", rise(metricNames.requests)),
    named("failed", rise(metricNames.errors, " by (error_type)")),
    named("tokens", rise(metricNames.tokens, " by (type)", ',type=~"input|output"')),
    named("cost", rise(metricNames.cost, " by (currency)")),
    ...quantiles("duration", metricNames.requestDuration, { job, window }),
    ...quantiles("first_content", metricNames.firstToken, { job, window }),
    named(
      "first_content_up_to",
      `sum by (le) (increase(${metricNames.firstToken.name}_bucket{job="${job}"}${window}))`,
    ),
  ].join(" or ");
}

function quantiles(
  figure: string,
  { name }: MetricDefinition,
  { job, window }: { readonly job: string; readonly window: string },
): readonly string[] {
  const buckets = `sum by (le) (rate(${name}_bucket{job="${job}"}${window}))`;
  return Object.entries(percentiles).map(([percentile, share]) =>
    named(
      figure,
      `label_replace(histogram_quantile(${share}, ${buckets}), "${percentileLabel}", "${percentile}", "", "")`,
    ),
  );
}

function named(figure: string, expression: string): string {
  return `label_replace(${expression}, "${figureLabel}", "${figure}", "", "")`;
}

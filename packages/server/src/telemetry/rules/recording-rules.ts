import { errorCodes } from "@llm-platform/kit";
import { statusOf } from "../../core/error-status.ts";
import { metricNames } from "../names.ts";
import type { PromqlOptions, Selector } from "./condition.ts";
import { formatSelector } from "./promql.ts";
import type { RecordingRule, RuleGroup } from "./rule.ts";

/** Part of the calls that is to succeed. */
export const successObjective = 0.99;

const failureCodes: readonly string[] = errorCodes.filter((code) => statusOf(code) >= 500);

/** Errors that the platform or an upstream is to blame for; those of clients, and of limits, are not among them. */
export const failures: Selector = {
  metric: metricNames.errors,
  match: { error_type: failureCodes },
};

/** Lengths of time over which the error ratio is known, by the name in the record. */
const ratioWindows = { "5m": 300, "30m": 1_800, "1h": 3_600, "6h": 21_600, "3d": 259_200 } as const;
export type RatioWindow = keyof typeof ratioWindows;

/** Name of the recorded error ratio over a length of time. */
export function errorRatio(window: RatioWindow): string {
  return `llm:request_errors:ratio_rate${window}`;
}

const quantiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
export type QuantileName = keyof typeof quantiles;

/** Name of a recorded quantile over five minutes, of each model. */
export function recordedQuantile(of: "request_duration" | "time_to_first_token", name: QuantileName): string {
  return `llm:${of}_seconds:${name}_rate5m`;
}

/** What dashboards and alerts read again and again. */
export const recordingRules: readonly RuleGroup<RecordingRule>[] = [
  {
    name: "llm-platform-traffic",
    rules: [
      {
        record: "llm:requests:rate5m",
        expression: (options) => rate(metricNames.requests.name, ["provider", "model", "operation"], options),
      },
      {
        record: "llm:tokens:rate5m",
        expression: (options) => rate(metricNames.tokens.name, ["provider", "model", "type"], options),
      },
      {
        record: "llm:cost:increase1h",
        expression: ({ duration }) =>
          `sum by (provider, model, currency) (increase(${metricNames.cost.name}[${duration(3_600)}]))`,
      },
    ],
  },
  {
    name: "llm-platform-latency",
    rules: [
      ...quantileRules("request_duration", metricNames.requestDuration.name),
      ...quantileRules("time_to_first_token", metricNames.firstToken.name),
    ],
  },
  {
    name: "llm-platform-errors",
    rules: [
      ...ratioRules(),
      {
        record: "llm:error_budget:remaining3d",
        expression: () => `1 - ${errorRatio("3d")} / ${budget()}`,
      },
    ],
  },
];

/** Part of the calls that may fail. */
function budget(): number {
  return Number((1 - successObjective).toFixed(6));
}

function rate(name: string, by: readonly string[], { duration }: PromqlOptions): string {
  return `sum by (${by.join(", ")}) (rate(${name}[${duration(300)}]))`;
}

function quantileRules(
  of: "request_duration" | "time_to_first_token",
  metric: string,
): readonly RecordingRule[] {
  return typedEntries(quantiles).map(([name, quantile]) => ({
    record: recordedQuantile(of, name),
    expression: ({ duration }) =>
      `histogram_quantile(${quantile}, sum by (provider, model, le) (rate(${metric}_bucket[${duration(300)}])))`,
  }));
}

/** Where no call has failed yet there is no series of failures: that is a ratio of zero, not an unknown one. */
function ratioRules(): readonly RecordingRule[] {
  return typedEntries(ratioWindows).map(([name, seconds]) => ({
    record: errorRatio(name),
    expression({ duration }) {
      const requests = `sum(rate(${metricNames.requests.name}[${duration(seconds)}]))`;
      return `(sum(rate(${formatSelector(failures)}[${duration(seconds)}])) or ${requests} * 0) / ${requests}`;
    },
  }));
}

function typedEntries<Key extends string, Value>(
  table: Readonly<Record<Key, Value>>,
): readonly (readonly [Key, Value])[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a table that is written above
  return Object.entries(table) as [Key, Value][];
}

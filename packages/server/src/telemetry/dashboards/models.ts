import { metricNames } from "../names.ts";
import { recordedQuantile } from "../rules/recording-rules.ts";
import type { Dashboard } from "./dashboard.ts";
import { half, highest, quantile, rate, third, total, wide } from "./panels.ts";

const chosen = '{provider=~"$provider",model=~"$model"}';

/** How each model does. */
export const modelsDashboard: Dashboard = {
  uid: "llm-platform-models",
  title: "Model Performance",
  about: "Load, times and failures of each model and of the platforms that serve it.",
  rows: [
    {
      title: "Models",
      panels: [
        half({
          title: "Calls by model",
          about: "Model calls that ended.",
          kind: "stack",
          unit: "reqps",
          queries: rate(metricNames.requests, ["model"]),
          legend: "{{model}}",
        }),
        half({
          title: "Slowest of twenty calls by model",
          about: "95 of 100 calls are faster.",
          kind: "lines",
          unit: "s",
          queries: `${recordedQuantile("request_duration", "p95")}${chosen}`,
          legend: "{{provider}} {{model}}",
          thresholds: { warning: 5, critical: 10 },
        }),
        half({
          title: "First content by model",
          about: "95 of 100 streams begin sooner.",
          kind: "lines",
          unit: "s",
          queries: `${recordedQuantile("time_to_first_token", "p95")}${chosen}`,
          legend: "{{provider}} {{model}}",
          thresholds: { warning: 2.5, critical: 5 },
        }),
        half({
          title: "Time between tokens by model",
          about: "The median over calls of a call's average.",
          kind: "lines",
          unit: "s",
          queries: quantile(0.5, metricNames.perOutputToken, ["model"]),
          legend: "{{model}}",
        }),
        half({
          title: "Tokens by model",
          about: "Tokens that models generate.",
          kind: "stack",
          unit: "tokens/s",
          queries: `sum by (model) (rate(${metricNames.tokens.name}{provider=~"$provider",model=~"$model",type="output"}[$__rate_interval]))`,
          legend: "{{model}}",
        }),
        half({
          title: "Errors by model",
          about: "Errors that a caller saw.",
          kind: "stack",
          unit: "reqps",
          queries: rate(metricNames.errors, ["model", "error_type"]),
          legend: "{{model}} {{error_type}}",
          whenEmpty: "No call has failed",
        }),
      ],
    },
    {
      title: "Platforms",
      panels: [
        third({
          title: "Model platforms",
          about: "Those that are enabled.",
          kind: "table",
          unit: "none",
          queries: highest(metricNames.providerUp, ["integration", "provider"]),
          columns: { integration: "Platform", provider: "Provider", Value: "State" },
          words: { 0: { text: "down", color: "red" }, 1: { text: "up", color: "green" } },
          whenEmpty: "No model platform is enabled",
        }),
        wide({
          title: "Circuits",
          about:
            "Nothing is sent where one is open; where it is half open, single calls try whether it works.",
          kind: "states",
          unit: "none",
          queries: highest(metricNames.circuitState, ["integration", "model"]),
          legend: "{{integration}} {{model}}",
          thresholds: { warning: 1, critical: 2 },
          words: {
            0: { text: "closed", color: "green" },
            1: { text: "half open", color: "yellow" },
            2: { text: "open", color: "red" },
          },
          whenEmpty: "No model was called yet",
        }),
        third({
          title: "Further tries",
          about: "Attempts beyond the first of a call.",
          kind: "stack",
          unit: "reqps",
          queries: rate(metricNames.retries, ["provider", "model"]),
          legend: "{{provider}} {{model}}",
          whenEmpty: "No call needed a further try",
        }),
        third({
          title: "Models in memory",
          about: "By provider.",
          kind: "stack",
          unit: "short",
          queries: total(metricNames.activeModels, ["provider"]),
          legend: "{{provider}}",
          whenEmpty: "No platform tells of models in memory",
        }),
        third({
          title: "Loads of models",
          about: "Loads of local models into memory, by result.",
          kind: "events",
          unit: "short",
          queries: `sum by (model, result) (increase(${metricNames.modelLoads.name}{provider=~"$provider",model=~"$model"}[$__rate_interval]))`,
          legend: "{{model}} {{result}}",
          whenEmpty: "No local model was loaded",
        }),
      ],
    },
  ],
};

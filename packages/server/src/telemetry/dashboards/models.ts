import { metricNames } from "../names.ts";
import { recordedQuantile } from "../rules/recording-rules.ts";
import type { Dashboard } from "./dashboard.ts";
import { half, highest, quantile, rate, total } from "./panels.ts";

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
        }),
      ],
    },
    {
      title: "Platforms",
      panels: [
        half({
          title: "Model platforms",
          about: "1 while it is running.",
          kind: "table",
          unit: "none",
          queries: highest(metricNames.providerUp, ["integration"]),
        }),
        half({
          title: "Circuits",
          about: "0 closed, 1 half open, 2 open: then nothing is sent there.",
          kind: "lines",
          unit: "none",
          queries: highest(metricNames.circuitState, ["integration", "model"]),
          legend: "{{integration}} {{model}}",
          thresholds: { warning: 1, critical: 2 },
        }),
        half({
          title: "Further tries",
          about: "Attempts beyond the first of a call.",
          kind: "stack",
          unit: "reqps",
          queries: rate(metricNames.retries, ["provider", "model"]),
          legend: "{{provider}} {{model}}",
        }),
        half({
          title: "Models in memory",
          about: "By provider.",
          kind: "stack",
          unit: "short",
          queries: total(metricNames.activeModels, ["provider"]),
          legend: "{{provider}}",
          needs: "a local model",
        }),
        half({
          title: "Loads of models",
          about: "By result.",
          kind: "stack",
          unit: "short",
          queries: `sum by (model, result) (increase(${metricNames.modelLoads.name}[$__rate_interval]))`,
          legend: "{{model}} {{result}}",
          needs: "a local model",
        }),
      ],
    },
  ],
};

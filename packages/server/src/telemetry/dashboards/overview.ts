import { metricNames } from "../names.ts";
import { errorRatio, failures, successObjective } from "../rules/recording-rules.ts";
import type { Dashboard } from "./dashboard.ts";
import { half, highest, latencyQueries, quantile, rate, rateOf, rise, small, total } from "./panels.ts";

const { requests, requestDuration, firstToken, tokens, inFlight, providerUp, cost, queueDepth } = metricNames;
const allowed = Number((1 - successObjective).toFixed(6));

/** What to look at first. */
export const overviewDashboard: Dashboard = {
  uid: "llm-platform-overview",
  title: "LLM Platform Overview",
  about: "Load, errors, times and use of the whole platform.",
  rows: [
    {
      title: "Now",
      panels: [
        small({
          title: "Calls a second",
          about: "Model calls that ended.",
          unit: "reqps",
          queries: rate(requests),
        }),
        small({
          title: "Calls that fail",
          about:
            "Part of the calls of the last five minutes that failed for the platform's or an upstream's reason.",
          unit: "percentunit",
          queries: errorRatio("5m"),
          thresholds: { warning: allowed, critical: 0.1 },
        }),
        small({
          title: "Slowest of twenty calls",
          about: "95 of 100 calls are faster.",
          unit: "s",
          queries: quantile(0.95, requestDuration),
          thresholds: { warning: 5, critical: 10 },
        }),
        small({
          title: "First content",
          about: "95 of 100 streams begin sooner.",
          unit: "s",
          queries: quantile(0.95, firstToken),
          thresholds: { warning: 2.5, critical: 5 },
        }),
        small({
          title: "Calls in flight",
          about: "Model calls that have not ended.",
          unit: "short",
          queries: total(inFlight),
        }),
        small({
          title: "Model platforms up",
          about: "Part of the enabled model platforms that are running.",
          unit: "percentunit",
          queries: `avg(max by (integration) (${providerUp.name}))`,
          thresholds: { warning: 1, critical: 0.5 },
        }),
        small({
          title: "Tokens a second",
          about: "Tokens in and out.",
          unit: "tokens/s",
          queries: rateOf({ metric: tokens, match: { type: ["input", "output"] } }),
        }),
        small({
          title: "Cost of a day",
          about: "What the calls of the last 24 hours cost, by currency.",
          unit: "cost",
          queries: rise(cost, "24h", ["currency"]),
          legend: "{{currency}}",
        }),
      ],
    },
    {
      title: "Load and errors",
      panels: [
        half({
          title: "Calls by status",
          about: "Model calls that ended, by the status class that the caller saw.",
          kind: "stack",
          unit: "reqps",
          queries: rate(requests, ["status_class"]),
          legend: "{{status_class}}",
          colors: { "2xx": "green", "4xx": "yellow", "5xx": "red" },
        }),
        half({
          title: "Error ratio",
          about: "Part of the calls that failed, and how many may.",
          kind: "lines",
          unit: "percentunit",
          queries: [
            { expression: errorRatio("5m"), legend: "5 minutes" },
            { expression: errorRatio("1h"), legend: "1 hour" },
            { expression: `vector(${allowed})`, legend: "may fail" },
          ],
          colors: { "may fail": "red" },
        }),
        half({
          title: "Failures by reason",
          about: "Errors that the platform or an upstream is to blame for.",
          kind: "stack",
          unit: "reqps",
          queries: rateOf(failures, ["error_type"]),
          legend: "{{error_type}}",
          whenEmpty: "No call has failed",
        }),
        half({
          title: "Calls that wait",
          about: "Calls that wait for room, by queue.",
          kind: "lines",
          unit: "short",
          queries: highest(queueDepth, ["queue"]),
          legend: "{{queue}}",
          whenEmpty: "Calls at once are not limited",
        }),
      ],
    },
    {
      title: "Times",
      panels: [
        half({
          title: "Time of a call",
          about: "From the arrival of a call to its end.",
          kind: "lines",
          unit: "s",
          queries: latencyQueries(requestDuration),
        }),
        half({
          title: "Time to first content",
          about: "How many streams begin after how long.",
          kind: "heatmap",
          unit: "s",
          queries: `sum by (le) (increase(${firstToken.name}_bucket{provider=~"$provider",model=~"$model"}[$__rate_interval]))`,
          legend: "{{le}}",
        }),
        half({
          title: "Time that the platform adds",
          about: "Before a call goes upstream.",
          kind: "lines",
          unit: "s",
          queries: latencyQueries(metricNames.overhead),
        }),
        half({
          title: "How streams end",
          about: "By the one outcome that each has.",
          kind: "stack",
          unit: "reqps",
          queries: rate(metricNames.terminations, ["reason"]),
          legend: "{{reason}}",
          colors: { stop: "green", tool_calls: "blue", length: "purple", client_cancelled: "yellow" },
        }),
      ],
    },
  ],
};

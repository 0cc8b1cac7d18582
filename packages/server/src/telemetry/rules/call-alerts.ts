import { metricNames } from "../names.ts";
import { errorRatio, failures, type RatioWindow, successObjective } from "./recording-rules.ts";
import type { AlertRule } from "./rule.ts";

/** Alerts on what callers see: errors, times, money. */
export const callAlerts: readonly AlertRule[] = [
  {
    name: "HighErrorRate",
    condition: {
      type: "ratio",
      part: failures,
      whole: { metric: metricNames.requests },
      by: [],
      windowSeconds: 300,
      is: { type: "above", than: 0.1 },
    },
    forSeconds: 60,
    severity: "critical",
    valueForm: "ratio",
    summary: "More than one in ten model calls fails",
    description:
      "{value} of the model calls of the last five minutes failed for a reason that is not the caller's.",
  },
  {
    name: "ErrorBudgetBurnFast",
    condition: burn(14.4, "1h", "5m"),
    forSeconds: 120,
    severity: "critical",
    valueForm: "ratio",
    summary: "Errors use up the error budget of a month in two days",
    description: "{value} of the model calls of the last hour failed, and it goes on.",
  },
  {
    name: "ErrorBudgetBurnSlow",
    condition: burn(6, "6h", "30m"),
    forSeconds: 900,
    severity: "warning",
    valueForm: "ratio",
    summary: "Errors use up the error budget of a month in five days",
    description: "{value} of the model calls of the last six hours failed, and it goes on.",
  },
  {
    name: "HighLatency",
    condition: {
      type: "quantile",
      quantile: 0.95,
      of: { metric: metricNames.requestDuration },
      by: ["model"],
      windowSeconds: 300,
      is: { type: "above", than: 10 },
    },
    forSeconds: 300,
    severity: "warning",
    valueForm: "seconds",
    summary: "Calls of {model} take long",
    description: "One in twenty calls of {model} takes longer than {value}.",
  },
  {
    name: "SlowFirstToken",
    condition: {
      type: "quantile",
      quantile: 0.95,
      of: { metric: metricNames.firstToken },
      by: ["model"],
      windowSeconds: 300,
      is: { type: "above", than: 5 },
    },
    forSeconds: 300,
    severity: "warning",
    valueForm: "seconds",
    summary: "Streams of {model} begin late",
    description: "One in twenty streams of {model} has its first content after more than {value}.",
  },
  {
    name: "QueueSaturated",
    condition: {
      type: "quantile",
      quantile: 0.95,
      of: { metric: metricNames.queueWait },
      by: ["queue"],
      windowSeconds: 300,
      is: { type: "above", than: 5 },
    },
    forSeconds: 300,
    severity: "warning",
    valueForm: "seconds",
    summary: "Calls wait long in the queue {queue}",
    description: "One in twenty calls waits longer than {value} in the queue {queue} before it is let in.",
  },
  {
    name: "BudgetBurn",
    condition: {
      type: "share",
      part: { metric: metricNames.budgetSpent },
      whole: { metric: metricNames.budgetLimit },
      by: ["budget", "currency"],
      is: { type: "above", than: 0.9 },
    },
    forSeconds: 60,
    severity: "warning",
    valueForm: "ratio",
    summary: "The budget {budget} is nearly spent",
    description: "{value} of the budget {budget} is spent. Calls are refused once nothing is left.",
  },
  {
    name: "CostSpike",
    condition: {
      type: "promql",
      expression({ duration }) {
        const cost = metricNames.cost.name;
        const lastHour = `sum by (currency) (increase(${cost}[${duration(3_600)}]))`;
        const dayBefore = `sum by (currency) (increase(${cost}[${duration(86_400)}] offset ${duration(3_600)}))`;
        // Without a day behind it an hour cannot be compared with one of the day's.
        const isOldEnough = `sum by (currency) (${cost} offset ${duration(86_400)})`;
        return `${lastHour} > 3 * ${dayBefore} / 24 and ${lastHour} > 1 and ${isOldEnough}`;
      },
    },
    forSeconds: 600,
    severity: "warning",
    summary: "Model calls cost three times what they did",
    description: "The last hour cost {value} {currency}, more than three times an hour of the last day.",
  },
];

/** The error budget is used up so many times as fast as it may be, over a long time and still over a short one. */
function burn(times: number, long: RatioWindow, short: RatioWindow): AlertRule["condition"] {
  const most = Number((times * (1 - successObjective)).toFixed(6));
  return {
    type: "promql",
    expression: () => `${errorRatio(long)} > ${most} and ${errorRatio(short)} > ${most}`,
  };
}

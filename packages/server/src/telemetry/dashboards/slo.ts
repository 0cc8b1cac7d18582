import { metricNames } from "../names.ts";
import { errorRatio, successObjective } from "../rules/recording-rules.ts";
import type { Dashboard } from "./dashboard.ts";
import { full, half, small, third, wide } from "./panels.ts";

const allowed = Number((1 - successObjective).toFixed(6));
const slowSeconds = 10.24;
/** Labels that say what an alert is about; each has some of them. */
const alertSubjects = [
  "integration",
  "provider",
  "model",
  "budget",
  "currency",
  "queue",
  "sink",
  "receiver",
  "node",
  "gpu",
  "instance",
]
  .map((label) => `"${label}"`)
  .join(", ");

/** Whether the objective is met, and what fires. */
export const sloDashboard: Dashboard = {
  uid: "llm-platform-slo",
  title: "SLO & Alerts",
  about: `${successObjective * 100} of 100 calls are to succeed.`,
  rows: [
    {
      title: "Objective",
      panels: [
        small({
          title: "Error budget left",
          about: "Of the last three days.",
          unit: "percentunit",
          queries: "llm:error_budget:remaining3d",
          thresholds: { warning: 0.5, critical: 0.1 },
        }),
        small({
          title: "Failures of an hour",
          about: "Part of the calls.",
          unit: "percentunit",
          queries: errorRatio("1h"),
          thresholds: { warning: allowed, critical: allowed * 14.4 },
        }),
        small({
          title: "Failures of six hours",
          about: "Part of the calls.",
          unit: "percentunit",
          queries: errorRatio("6h"),
          thresholds: { warning: allowed, critical: allowed * 6 },
        }),
        small({
          title: "Alerts that fire",
          about: "But for the sign of life.",
          unit: "short",
          queries: 'count(ALERTS{alertstate="firing",severity!="none"}) or vector(0)',
          thresholds: { warning: 1, critical: 5 },
        }),
        half({
          title: "How fast the error budget is used up",
          about: "1 is as fast as it may be.",
          kind: "lines",
          unit: "short",
          queries: (["5m", "1h", "6h", "3d"] as const).map((window) => ({
            expression: `${errorRatio(window)} / ${allowed}`,
            legend: window,
          })),
          thresholds: { warning: 1, critical: 14.4 },
        }),
        half({
          title: "Calls within ten seconds",
          about: "Part of the calls, by the bucket that ends there.",
          kind: "lines",
          unit: "percentunit",
          queries: `sum(rate(${metricNames.requestDuration.name}_bucket{le="${slowSeconds}"}[$__rate_interval])) / sum(rate(${metricNames.requestDuration.name}_count[$__rate_interval]))`,
          legend: "within 10 s",
          isShare: true,
          axisFrom: 0.9,
          thresholds: { warning: 0.99, critical: 0.95 },
        }),
      ],
    },
    {
      title: "Alerts",
      panels: [
        wide({
          title: "What fires",
          about: "Alerts, and what each is about. The runbooks have a page for each.",
          kind: "table",
          unit: "none",
          queries: `max by (severity, alertname, about) (label_join(ALERTS{alertstate="firing",severity!="none"}, "about", " ", ${alertSubjects}))`,
          columns: { severity: "Severity", alertname: "Alert", about: "About" },
          words: {
            critical: { text: "critical", color: "red" },
            warning: { text: "warning", color: "orange" },
            info: { text: "info", color: "blue" },
          },
          whenEmpty: "Nothing fires",
        }),
        third({
          title: "Notifications that failed",
          about: "Tries of the platform itself to tell a receiver.",
          kind: "events",
          unit: "short",
          queries: `sum by (receiver) (increase(${metricNames.alertDeliveryFailures.name}[$__rate_interval]))`,
          legend: "{{receiver}}",
          whenEmpty: "No notification has failed",
        }),
        full({
          title: "What fired when",
          about: "Each alert by its name, while it fired for anything.",
          kind: "states",
          unit: "none",
          queries: 'max by (alertname) (ALERTS{alertstate="firing",severity!="none"})',
          legend: "{{alertname}}",
          words: { 1: { text: "fires", color: "red" } },
          whenEmpty: "Nothing fired",
        }),
      ],
    },
  ],
};

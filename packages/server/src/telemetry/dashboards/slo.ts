import { metricNames } from "../names.ts";
import { errorRatio, successObjective } from "../rules/recording-rules.ts";
import type { Dashboard } from "./dashboard.ts";
import { half, small } from "./panels.ts";

const allowed = Number((1 - successObjective).toFixed(6));
const slowSeconds = 10.24;

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
        }),
        half({
          title: "Calls within ten seconds",
          about: "Part of the calls, by the bucket that ends there.",
          kind: "lines",
          unit: "percentunit",
          queries: `sum(rate(${metricNames.requestDuration.name}_bucket{le="${slowSeconds}"}[$__rate_interval])) / sum(rate(${metricNames.requestDuration.name}_count[$__rate_interval]))`,
          legend: "within 10 s",
        }),
      ],
    },
    {
      title: "Alerts",
      panels: [
        half({
          title: "What fires",
          about: "Each links to its page in the runbooks from where it was told.",
          kind: "table",
          unit: "none",
          queries: 'ALERTS{alertstate="firing"}',
        }),
        half({
          title: "What fired when",
          about: "How many alerts, by name.",
          kind: "stack",
          unit: "short",
          queries: 'count by (alertname) (ALERTS{alertstate="firing",severity!="none"}) or vector(0)',
          legend: "{{alertname}}",
        }),
        half({
          title: "Notifications that failed",
          about: "Tries of the platform itself to tell a receiver.",
          kind: "stack",
          unit: "short",
          queries: `sum by (receiver) (increase(${metricNames.alertDeliveryFailures.name}[$__rate_interval]))`,
          legend: "{{receiver}}",
          needs: "a failed delivery",
        }),
      ],
    },
  ],
};

import { alertmanagerConfig } from "../../packages/server/src/telemetry/alerting/alertmanager-config.ts";
import { dashboards } from "../../packages/server/src/telemetry/dashboards/all-dashboards.ts";
import { toDashboardJson } from "../../packages/server/src/telemetry/dashboards/dashboard-json.ts";
import {
  dashboardProvider,
  dataSourceFile,
} from "../../packages/server/src/telemetry/dashboards/provisioning.ts";
import {
  alertRuleFile,
  defaultRunbooksUrl,
  prometheusRuleManifest,
  recordingRuleFile,
} from "../../packages/server/src/telemetry/rules/rule-file.ts";
import type { GeneratedFile } from "./generated-files.ts";

/** What an installation changes: whom to tell. */
const exampleReceivers = {
  slack: { apiUrlFile: "/etc/alertmanager/secrets/slack-webhook", channel: "#llm-platform" },
  email: {
    to: ["operators@llm-platform.example"],
    from: "alerts@llm-platform.example",
    smarthost: "mail.llm-platform.example:587",
    username: "alerts",
    passwordFile: "/etc/alertmanager/secrets/smtp-password",
    requireTls: true,
  },
};
const options = { runbooksUrl: defaultRunbooksUrl };

/** What Prometheus is given to watch the platform. */
export function monitoringFiles(): readonly GeneratedFile[] {
  return [
    { path: "deploy/prometheus/rules/recording.yaml", text: headed(recordingRuleFile(options)) },
    { path: "deploy/prometheus/rules/alerts.yaml", text: headed(alertRuleFile(options)) },
    {
      path: "deploy/alertmanager/alertmanager.yml",
      text: `# Whom to tell is an example: put your own receivers in its place.\n${alertmanagerConfig(exampleReceivers)}`,
    },
    ...grafanaFiles(),
    { path: "deploy/kubernetes/prometheus-rule.yaml", text: headed(prometheusRuleManifest(options)) },
  ];
}

/** The folder of dashboards is one for a ConfigMap: `kubectl create configmap … --from-file` takes it as it is. */
function grafanaFiles(): readonly GeneratedFile[] {
  return [
    ...dashboards.map((dashboard) => ({
      path: `deploy/grafana/dashboards/${dashboard.uid}.json`,
      text: `${JSON.stringify(toDashboardJson(dashboard), null, 2)}\n`,
    })),
    {
      path: "deploy/grafana/provisioning/dashboards/llm-platform.yaml",
      text: headed(dashboardProvider("/etc/grafana/dashboards/llm-platform")),
    },
    {
      path: "deploy/grafana/provisioning/datasources/llm-platform.yaml",
      text: headed(dataSourceFile("http://prometheus:9090", "http://jaeger:16686/trace/$${__value.raw}")),
    },
  ];
}

function headed(yaml: string): string {
  return `# Made by \`node tools/generate.ts\`; change the code, not this file.\n${yaml}`;
}

import { alertmanagerConfig } from "../../packages/server/src/telemetry/alerting/alertmanager-config.ts";
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
      text: `# Whom to tell is an example: llmp alerts config writes it for the receivers of an installation.\n${alertmanagerConfig(exampleReceivers)}`,
    },
    { path: "deploy/kubernetes/prometheus-rule.yaml", text: headed(prometheusRuleManifest(options)) },
  ];
}

function headed(yaml: string): string {
  return `# Made by \`node tools/generate.ts\`; change the code, not this file.\n${yaml}`;
}

import {
  alertRuleFile,
  defaultRunbooksUrl,
  prometheusRuleManifest,
  recordingRuleFile,
} from "../../packages/server/src/telemetry/rules/rule-file.ts";
import type { GeneratedFile } from "./generated-files.ts";

const options = { runbooksUrl: defaultRunbooksUrl };

/** What Prometheus is given to watch the platform. */
export function monitoringFiles(): readonly GeneratedFile[] {
  return [
    { path: "deploy/prometheus/rules/recording.yaml", text: headed(recordingRuleFile(options)) },
    { path: "deploy/prometheus/rules/alerts.yaml", text: headed(alertRuleFile(options)) },
    { path: "deploy/kubernetes/prometheus-rule.yaml", text: headed(prometheusRuleManifest(options)) },
  ];
}

function headed(yaml: string): string {
  return `# Made by \`node tools/generate.ts\`; change the code, not this file.\n${yaml}`;
}

import { metricNames } from "../names.ts";
import type { AlertRule } from "./rule.ts";

/** Alerts on the platform's parts: integrations, records, configuration, and its own word of alerts. */
export const platformAlerts: readonly AlertRule[] = [
  {
    name: "Watchdog",
    condition: { type: "promql", expression: () => "vector(1)" },
    forSeconds: 0,
    severity: "none",
    summary: "Alerts are on their way",
    description:
      "It always fires: whoever hears nothing of it knows that Prometheus, Alertmanager or the way between is broken.",
  },
  {
    name: "GatewayDown",
    condition: {
      type: "promql",
      expression: ({ job }) => `up{job="${job}"} == 0 or absent(up{job="${job}"})`,
    },
    forSeconds: 60,
    severity: "critical",
    summary: "A server of the platform is not scraped",
    description: "Prometheus gets no metrics from {instance}: it is down, or its port or key is wrong.",
  },
  {
    name: "ProviderDown",
    condition: {
      type: "value",
      of: { metric: metricNames.providerUp },
      by: ["integration"],
      is: { type: "below", than: 1 },
    },
    forSeconds: 120,
    severity: "warning",
    summary: "{integration} is down",
    description:
      "The model platform {integration} is not running. Calls go to others where a route names some.",
  },
  {
    name: "CircuitOpen",
    condition: {
      type: "value",
      of: { metric: metricNames.circuitState },
      by: ["integration", "model"],
      // Between two tries it is half open, and has not recovered.
      is: { type: "above", than: 0 },
    },
    forSeconds: 300,
    severity: "warning",
    summary: "{integration} is not asked for {model}",
    description:
      "So many calls of {model} failed at {integration} that none has been sent there for minutes.",
  },
  {
    name: "ModelLoadFailures",
    condition: {
      type: "increase",
      of: { metric: metricNames.modelLoads, match: { result: ["failed"] } },
      by: ["provider", "model"],
      windowSeconds: 600,
      is: { type: "above", than: 0 },
    },
    forSeconds: 0,
    severity: "warning",
    summary: "{model} could not be loaded",
    description: "{model} of {provider} could not be loaded into memory in the last ten minutes.",
  },
  {
    name: "PluginCrashLoop",
    condition: {
      type: "increase",
      of: { metric: metricNames.pluginRestarts },
      by: ["integration"],
      windowSeconds: 600,
      is: { type: "above", than: 3 },
    },
    forSeconds: 0,
    severity: "warning",
    summary: "{integration} is restarted again and again",
    description: "{integration} was restarted {value} times in ten minutes.",
  },
  {
    name: "AuditWriteFailing",
    condition: {
      type: "increase",
      of: { metric: metricNames.auditFailures },
      by: ["sink"],
      windowSeconds: 300,
      is: { type: "above", than: 0 },
    },
    forSeconds: 0,
    severity: "critical",
    summary: "The audit log cannot be written",
    description: "The sink {sink} of the audit log failed. When no sink works, changes are refused.",
  },
  {
    name: "UsageSpoolGrowing",
    condition: {
      type: "value",
      of: { metric: metricNames.spoolOldest },
      by: ["instance"],
      is: { type: "above", than: 300 },
    },
    forSeconds: 60,
    severity: "warning",
    valueForm: "seconds",
    summary: "Usage records do not reach the ledger",
    description: "The oldest usage record has waited for {value} to be put into the ledger.",
  },
  {
    name: "ConfigReloadFailed",
    condition: {
      type: "value",
      of: { metric: metricNames.configReload },
      by: ["instance"],
      is: { type: "equal", to: 0 },
    },
    forSeconds: 60,
    severity: "warning",
    summary: "A saved configuration does not work",
    description: "The configuration that was saved last is not the one in force: an integration refuses it.",
  },
  {
    name: "AlertDeliveryFailing",
    condition: {
      type: "increase",
      of: { metric: metricNames.alertDeliveryFailures },
      by: ["receiver"],
      windowSeconds: 900,
      is: { type: "above", than: 0 },
    },
    forSeconds: 0,
    severity: "warning",
    summary: "{receiver} does not take alerts",
    description: "The platform could not hand notifications of alerts to {receiver}.",
  },
];

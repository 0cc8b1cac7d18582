import { stringify } from "yaml";
import { alertRules } from "./alert-rules.ts";
import type { PromqlOptions } from "./condition.ts";
import { createDurationFormat, formatCondition } from "./promql.ts";
import { recordingRules } from "./recording-rules.ts";
import type { AlertRule, RuleGroup, ValueForm } from "./rule.ts";

/** How the rules are to be written for Prometheus. */
export interface RuleFileOptions {
  /** The label `job` that Prometheus scrapes the platform under. Default `llm-platform`. */
  readonly job?: string;
  /** Where the pages about alerts are; without a slash at the end. */
  readonly runbooksUrl: string;
  /** Every length of time is divided by it. Default 1; more only for tests, which cannot wait for minutes. */
  readonly speed?: number;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly object[] }[];
}

/** Where the runbooks are taken to be until an installation says where it keeps them. */
export const defaultRunbooksUrl = "https://llm-platform.dev/runbooks";

/** The alerts as a file of rules for Prometheus. */
export function alertRuleFile(options: RuleFileOptions): string {
  return stringify(alertGroups(options), { lineWidth: 0 });
}

/** The recording rules as a file of rules for Prometheus. */
export function recordingRuleFile(options: RuleFileOptions): string {
  return stringify(recordingGroups(options), { lineWidth: 0 });
}

/** Both as the resource that the Prometheus operator reads. */
export function prometheusRuleManifest(options: RuleFileOptions): string {
  const manifest = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: {
      name: "llm-platform",
      labels: { "app.kubernetes.io/name": "llm-platform", "app.kubernetes.io/component": "monitoring" },
    },
    spec: { groups: [...recordingGroups(options).groups, ...alertGroups(options).groups] },
  };
  return stringify(manifest, { lineWidth: 0 });
}

function alertGroups(options: RuleFileOptions): RuleFile {
  const promql = toPromqlOptions(options);
  return toFile(alertRules, (rule) => ({
    alert: rule.name,
    expr: formatCondition(rule.condition, promql),
    ...(rule.forSeconds === 0 ? {} : { for: promql.duration(rule.forSeconds) }),
    labels: { severity: rule.severity },
    annotations: {
      summary: toTemplate(rule.summary, rule),
      description: toTemplate(rule.description, rule),
      runbook_url: `${options.runbooksUrl}/${rule.name}.md`,
    },
  }));
}

function recordingGroups(options: RuleFileOptions): RuleFile {
  const promql = toPromqlOptions(options);
  return toFile(recordingRules, ({ record, expression }) => ({ record, expr: expression(promql) }));
}

function toPromqlOptions({ job = "llm-platform", speed = 1 }: RuleFileOptions): PromqlOptions {
  return { job, duration: createDurationFormat(speed) };
}

function toFile<Rule>(groups: readonly RuleGroup<Rule>[], format: (rule: Rule) => object): RuleFile {
  return { groups: groups.map(({ name, rules }) => ({ name, rules: rules.map(format) })) };
}

const valueTemplates: Readonly<Record<ValueForm, string>> = {
  ratio: "{{ $value | humanizePercentage }}",
  seconds: "{{ $value | humanizeDuration }}",
  number: '{{ $value | printf "%.4g" }}',
};

/** A text with its places as Prometheus' templates name them. */
function toTemplate(text: string, { valueForm = "number" }: AlertRule): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, place: string) =>
    place === "value" ? valueTemplates[valueForm] : `{{ $labels.${place} }}`,
  );
}

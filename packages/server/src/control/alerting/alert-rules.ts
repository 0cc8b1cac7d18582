import { z } from "zod";
import { knownAlertRules } from "../../telemetry/alerting/alert-watch.ts";
import { alertRules } from "../../telemetry/rules/alert-rules.ts";
import { describeCondition } from "../../telemetry/rules/condition-words.ts";
import { createDurationFormat, formatCondition } from "../../telemetry/rules/promql.ts";
import type { AlertRule } from "../../telemetry/rules/rule.ts";
import { defineOperation, type Operation } from "../operation.ts";
import type { AlertOperationParts } from "./alert-parts.ts";

const ruleRow = z.object({
  name: z.string(),
  severity: z.string(),
  group: z.string(),
  condition: z.string().describe("When it holds, in words."),
  expression: z.string().describe("The same as PromQL."),
  for_seconds: z.number().describe("How long it must hold before it fires."),
  summary: z.string().describe("With `{label}` for a label of what it is about."),
  description: z.string(),
  runbook_url: z.string(),
  judged_by: z
    .enum(["platform", "prometheus"])
    .describe("Who can tell: the server itself, as Prometheus can, or Prometheus alone."),
  state: z
    .enum(["inactive", "pending", "firing", "unknown"])
    .describe("As far as the server judges it; `pending` holds, but not for long enough."),
  active: z
    .array(
      z.object({
        state: z.enum(["pending", "firing"]),
        labels: z.record(z.string(), z.string()),
        summary: z.string(),
        since: z.string(),
      }),
    )
    .readonly()
    .describe("What it holds for now: what fires over all replicas, what is pending on this one."),
});
type RuleRow = z.output<typeof ruleRow>;

/** Every rule of the platform, with how it stands. */
export function ruleOperations({ alerts, job }: AlertOperationParts): readonly Operation[] {
  return [
    defineOperation({
      name: "alerts.rules",
      summary: "Every alert of the platform: when it fires, how bad that is, what to do, and how it is now.",
      permission: "integrations.read",
      rest: { method: "GET", path: "/api/v1/alerts/rules" },
      input: z.strictObject({}),
      output: z.object({
        is_on: z.boolean().describe("Whether the server judges rules itself (`alerts.enabled`)."),
        rules: z.array(ruleRow).readonly(),
      }),
      run: async () => {
        const options = { job: job(), duration: createDurationFormat(1) };
        return {
          is_on: alerts.isOn,
          rules: alertRules.flatMap(({ name: group, rules }) =>
            rules.map((rule) => ({
              name: rule.name,
              severity: rule.severity,
              group,
              condition: describeCondition(rule),
              expression: formatCondition(rule.condition, options),
              for_seconds: rule.forSeconds,
              summary: rule.summary,
              description: rule.description,
              runbook_url: `${alerts.runbooksUrl}/${rule.name}.md`,
              ...stateOf(rule, alerts),
            })),
          ),
        };
      },
    }),
  ];
}

function stateOf(
  rule: AlertRule,
  alerts: AlertOperationParts["alerts"],
): Pick<RuleRow, "judged_by" | "state" | "active"> {
  if (!knownAlertRules.some(({ name }) => name === rule.name))
    return { judged_by: "prometheus", state: "unknown", active: [] };
  if (!alerts.isOn) return { judged_by: "platform", state: "unknown", active: [] };
  const isOfRule = (each: { readonly name: string; readonly severity: string }) =>
    each.name === rule.name && each.severity === rule.severity;
  const firing = alerts.firing.filter(isOfRule).map(({ labels, summary, startedAtMs }) => ({
    state: "firing" as const,
    labels,
    summary,
    since: new Date(startedAtMs).toISOString(),
  }));
  const pending = alerts.active
    .filter((each) => isOfRule(each) && !each.isFiring)
    .map(({ labels, summary, sinceMs }) => ({
      state: "pending" as const,
      labels,
      summary,
      since: new Date(sinceMs).toISOString(),
    }));
  const state = firing.length > 0 ? "firing" : pending.length > 0 ? "pending" : "inactive";
  return { judged_by: "platform", state, active: [...firing, ...pending] };
}

import type { OperationOutput } from "@llm-platform/client";
import type { Tone } from "../../components/state-mark.tsx";

export type Rule = OperationOutput<"alerts.rules">["rules"][number];
export type Silence = OperationOutput<"alerts.silences">["silences"][number];
export type Receiver = OperationOutput<"alerts.receivers">["receivers"][number];

/** What somebody may be about to be told of. */
export interface ActiveAlert {
  readonly rule: Rule;
  readonly alert: Rule["active"][number];
}

export const stateTones: Readonly<Record<Rule["state"], Tone>> = {
  firing: "bad",
  pending: "warn",
  inactive: "good",
  unknown: "none",
};

const severityTones: Readonly<Record<string, Tone>> = { critical: "bad", warning: "warn", info: "calm" };

export function severityTone(severity: string): Tone {
  return severityTones[severity] ?? "none";
}

const order = ["critical", "warning", "info"];

/** What fires before what is pending, the worst first. */
export function listActive(rules: readonly Rule[]): readonly ActiveAlert[] {
  const rank = ({ rule, alert }: ActiveAlert) =>
    (alert.state === "firing" ? 0 : order.length + 1) +
    (order.includes(rule.severity) ? order.indexOf(rule.severity) : order.length);
  return rules
    .flatMap((rule) => rule.active.map((alert) => ({ rule, alert })))
    .toSorted((one, other) => rank(one) - rank(other));
}

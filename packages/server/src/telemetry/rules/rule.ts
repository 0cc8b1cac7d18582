import type { Condition, PromqlOptions } from "./condition.ts";

/** Who is to look, and how soon: critical now, warning on the same day, info when there is time; none is a sign of life. */
export type Severity = "critical" | "warning" | "info" | "none";

/** How the value of an alert is written in its texts. */
export type ValueForm = "ratio" | "seconds" | "number";

/** What is wrong when a condition holds, and for whom. */
export interface AlertRule {
  /** In capitals and small letters, as Alertmanager's users expect; the name of its page in the runbooks, too. */
  readonly name: string;
  readonly condition: Condition;
  /** How long the condition must hold. */
  readonly forSeconds: number;
  readonly severity: Severity;
  /** One line, with `{label}` for a label of what it is about. */
  readonly summary: string;
  /** What happens, with `{label}` and `{value}`. */
  readonly description: string;
  /** Default `number`. */
  readonly valueForm?: ValueForm;
}

/** A series that Prometheus computes ahead: dashboards and alerts over long times read it. */
export interface RecordingRule {
  readonly record: string;
  expression(options: PromqlOptions): string;
}

/** Rules that are evaluated together. */
export interface RuleGroup<Rule> {
  readonly name: string;
  readonly rules: readonly Rule[];
}

import type { AlertNotice } from "@llm-platform/kit";
import type { PlatformMetrics } from "../platform-metrics.ts";
import type { MetricRegistry } from "../registry.ts";
import { alertRules } from "../rules/alert-rules.ts";
import type { Selector } from "../rules/condition.ts";
import type { AlertRule } from "../rules/rule.ts";
import { type ActiveAlert, AlertStates } from "./alert-states.ts";
import { evaluateCondition, type KnownCondition, type Snapshot } from "./evaluate.ts";

type KnownRule = AlertRule & { readonly condition: KnownCondition };

/** The alerts that the platform itself can judge; the others need a Prometheus. */
export const knownAlertRules: readonly KnownRule[] = alertRules
  .flatMap(({ rules }) => rules)
  .flatMap((rule) => {
    const { condition } = rule;
    return condition.type === "promql" ? [] : [{ ...rule, condition }];
  });

const metricsRead = [...new Set(knownAlertRules.flatMap(({ condition }) => selectorsOf(condition)))];
const longestWindowMs =
  1_000 *
  Math.max(
    ...knownAlertRules.map(({ condition }) => ("windowSeconds" in condition ? condition.windowSeconds : 0)),
  );

export interface AlertWatchParts {
  readonly registry: MetricRegistry;
  readonly metrics: Pick<PlatformMetrics, "alertsFiring">;
  readonly runbooksUrl: string;
}

/** Judges the platform's own metrics by the rules that Prometheus is given, as far as they can be judged without it. */
export class AlertWatch {
  readonly #parts: AlertWatchParts;
  readonly #states: AlertStates;
  /** Oldest first. */
  #history: { readonly atMs: number; readonly snapshot: Snapshot }[] = [];

  constructor(parts: AlertWatchParts) {
    this.#parts = parts;
    this.#states = new AlertStates(parts.runbooksUrl);
  }

  get firing(): readonly AlertNotice[] {
    return this.#states.firing;
  }

  /** Everything for which a rule holds, also what does not fire yet. */
  get active(): readonly ActiveAlert[] {
    return this.#states.active;
  }

  /**
   * Looks once. Returns what began to fire, and what is over.
   * @param nowMs Unix time
   */
  look(nowMs: number): readonly AlertNotice[] {
    const { registry, metrics } = this.#parts;
    const now = registry.snapshot(metricsRead);
    const evidence = { nowMs, now, before: (seconds: number) => this.#before(nowMs - seconds * 1_000) };
    const changes = this.#states.step(
      knownAlertRules.map((rule) => ({ rule, findings: evaluateCondition(rule.condition, evidence) })),
      nowMs,
    );
    this.#remember(now, nowMs);
    metrics.alertsFiring.clear();
    for (const { name, severity } of this.firing) metrics.alertsFiring.series(name, severity).add();
    return changes;
  }

  /** The last that was seen at that time or before. */
  #before(atMs: number): Snapshot | undefined {
    return this.#history.findLast((each) => each.atMs <= atMs)?.snapshot;
  }

  /** One that is older than every window is kept: the longest begins there. */
  #remember(snapshot: Snapshot, nowMs: number): void {
    this.#history.push({ atMs: nowMs, snapshot });
    const first = this.#history.findLastIndex(({ atMs }) => atMs <= nowMs - longestWindowMs);
    if (first > 0) this.#history = this.#history.slice(first);
  }
}

function selectorsOf(condition: KnownCondition): readonly string[] {
  const selectors: readonly Selector[] =
    "of" in condition ? [condition.of] : [condition.part, condition.whole];
  return selectors.map(({ metric }) => metric.name);
}

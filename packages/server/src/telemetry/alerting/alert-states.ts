import type { AlertNotice } from "@llm-platform/kit";
import type { AlertRule } from "../rules/rule.ts";
import { fillIn } from "./alert-text.ts";
import type { Finding } from "./evaluate.ts";

interface Held {
  readonly rule: AlertRule;
  readonly finding: Finding;
  readonly sinceMs: number;
  /** Undefined while it has not held for long enough. */
  readonly notice: AlertNotice | undefined;
}

/** Something for which a rule holds now. */
export interface ActiveAlert {
  readonly name: string;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Since when it holds, Unix time. */
  readonly sinceMs: number;
  /** False while it has not held for long enough. */
  readonly isFiring: boolean;
}

/** A rule with what it holds for now. */
export interface Judged {
  readonly rule: AlertRule;
  readonly findings: readonly Finding[];
}

/** Remembers since when each alert holds, and tells when it fires and when it is over. Time is an argument. */
export class AlertStates {
  readonly #runbooksUrl: string;
  #held = new Map<string, Held>();

  constructor(runbooksUrl: string) {
    this.#runbooksUrl = runbooksUrl;
  }

  /** What fires now. */
  get firing(): readonly AlertNotice[] {
    return [...this.#held.values()].flatMap(({ notice }) => (notice === undefined ? [] : [notice]));
  }

  /** Everything that holds now, also what does not fire yet. */
  get active(): readonly ActiveAlert[] {
    return [...this.#held.values()].map(({ rule, finding, sinceMs, notice }) => ({
      name: rule.name,
      severity: rule.severity,
      labels: finding.labels,
      summary: fillIn(rule.summary, rule, finding),
      sinceMs,
      isFiring: notice !== undefined,
    }));
  }

  /** Takes in what holds now. Returns what began to fire, and what is over. */
  step(judged: readonly Judged[], nowMs: number): readonly AlertNotice[] {
    const held = new Map<string, Held>();
    const changes: AlertNotice[] = [];
    for (const { rule, findings } of judged) {
      for (const finding of findings) {
        const key = JSON.stringify([rule.name, rule.severity, finding.labels]);
        const before = this.#held.get(key);
        const sinceMs = before?.sinceMs ?? nowMs;
        const isDue = nowMs - sinceMs >= rule.forSeconds * 1_000;
        const notice = isDue
          ? this.#toNotice(rule, finding, before?.notice?.startedAtMs ?? nowMs)
          : undefined;
        held.set(key, { rule, finding, sinceMs, notice });
        if (notice !== undefined && before?.notice === undefined) changes.push(notice);
      }
    }
    for (const [key, { notice }] of this.#held)
      if (notice !== undefined && held.get(key)?.notice === undefined)
        changes.push({ ...notice, status: "resolved", endedAtMs: nowMs });
    this.#held = held;
    return changes;
  }

  #toNotice(rule: AlertRule, finding: Finding, startedAtMs: number): AlertNotice {
    return {
      status: "firing",
      name: rule.name,
      severity: rule.severity,
      labels: finding.labels,
      summary: fillIn(rule.summary, rule, finding),
      description: fillIn(rule.description, rule, finding),
      runbookUrl: `${this.#runbooksUrl}/${rule.name}.md`,
      startedAtMs,
    };
  }
}

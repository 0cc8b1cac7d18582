import type { OperationOutput } from "@llm-platform/client";

export type UsageRow = OperationOutput<"usage.sum">["usage"][number];

/** What some rows come to together. */
export interface UsageTotal {
  readonly name: string;
  readonly calls: number;
  readonly attempts: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly estimatedAttempts: number;
  readonly unpricedAttempts: number;
  /** Millionths, by currency. */
  readonly costs: ReadonlyMap<string, number>;
}

/** Adds rows up by a name that each is given, what costs most first. */
export function sumBy(rows: readonly UsageRow[], nameOf: (row: UsageRow) => string): readonly UsageTotal[] {
  const groups = Map.groupBy(rows, nameOf);
  return [...groups].map(([name, group]) => sumOf(name, group)).toSorted(byCost);
}

export function sumOf(name: string, rows: readonly UsageRow[]): UsageTotal {
  const sum = (pick: (row: UsageRow) => number) => rows.reduce((total, row) => total + pick(row), 0);
  const costs = new Map<string, number>();
  for (const row of rows)
    for (const { currency, cost_micros } of row.costs)
      costs.set(currency, (costs.get(currency) ?? 0) + cost_micros);
  return {
    name,
    calls: sum((row) => row.calls),
    attempts: sum((row) => row.attempts),
    failed: sum((row) => Object.values(row.errors).reduce((total, count) => total + count, 0)),
    inputTokens: sum((row) => row.input_tokens),
    outputTokens: sum((row) => row.output_tokens),
    estimatedAttempts: sum((row) => row.estimated_attempts),
    unpricedAttempts: sum((row) => row.unpriced_attempts),
    costs,
  };
}

function byCost(one: UsageTotal, other: UsageTotal): number {
  const cost = ({ costs }: UsageTotal) => Math.max(0, ...costs.values());
  const tokens = ({ inputTokens, outputTokens }: UsageTotal) => inputTokens + outputTokens;
  return cost(other) - cost(one) || tokens(other) - tokens(one) || one.name.localeCompare(other.name);
}

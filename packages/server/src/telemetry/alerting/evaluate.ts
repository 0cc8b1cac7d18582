import type { SeriesData } from "../metric-definition.ts";
import type { Comparison, Condition, Selector } from "../rules/condition.ts";
import { bucketQuantile } from "./bucket-quantile.ts";

/** The series of metrics at one time, by the metric's name. */
export type Snapshot = ReadonlyMap<string, readonly SeriesData[]>;

/** What is known when a condition is looked at. */
export interface Evidence {
  /** Unix time. */
  readonly nowMs: number;
  readonly now: Snapshot;
  /** As it was so long ago; undefined when the process is younger, and its counters were at zero. */
  before(seconds: number): Snapshot | undefined;
}

/** Something for which a condition holds. */
export interface Finding {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Conditions that the platform itself can judge. */
export type KnownCondition = Exclude<Condition, { readonly type: "promql" }>;

/** For what a condition holds. The label `instance`, which Prometheus gives to a server, is not among the labels. */
export function evaluateCondition(condition: KnownCondition, evidence: Evidence): readonly Finding[] {
  const by = condition.by.filter((label) => label !== "instance");
  return valuesOf(condition, by, evidence).filter(({ value }) => isMet(value, condition.is));
}

function valuesOf(condition: KnownCondition, by: readonly string[], evidence: Evidence): readonly Finding[] {
  const { now } = evidence;
  switch (condition.type) {
    case "value": {
      const extreme = condition.is.type === "below" ? Math.min : Math.max;
      return reduce(select(now, condition.of), by, extreme);
    }
    case "time_left":
      return reduce(select(now, condition.of), by, Math.min).map(({ labels, value }) => ({
        labels,
        value: value - evidence.nowMs / 1_000,
      }));
    case "share":
      return divide(
        reduce(select(now, condition.part), by, Math.max),
        reduce(select(now, condition.whole), by, Math.max),
      );
    case "increase":
      return rise(condition.of, by, { evidence, seconds: condition.windowSeconds });
    case "ratio": {
      const over = { evidence, seconds: condition.windowSeconds };
      return divide(rise(condition.part, by, over), rise(condition.whole, by, over));
    }
    case "quantile": {
      const over = { evidence, seconds: condition.windowSeconds };
      return countsOf(condition.of, by, over).map(({ labels, counts }) => ({
        labels,
        value: bucketQuantile(condition.quantile, condition.of.metric.buckets ?? [], counts),
      }));
    }
    default:
      return condition satisfies never;
  }
}

/** A series with its labels by name. */
interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly key: string;
  readonly data: SeriesData;
}

function select(snapshot: Snapshot | undefined, { metric, match = {} }: Selector): readonly Labelled[] {
  const series = snapshot?.get(metric.name) ?? [];
  return series
    .map((data) => ({
      labels: Object.fromEntries(metric.labels.map((label, index) => [label, data.values[index] ?? ""])),
      key: data.values.join("\u0000"),
      data,
    }))
    .filter(({ labels }) =>
      Object.entries(match).every(([label, values]) => values.includes(labels[label] ?? "")),
    );
}

interface Over {
  readonly evidence: Evidence;
  readonly seconds: number;
}

/** By how much counters rose: one that was not there before was at zero. */
function rise(selector: Selector, by: readonly string[], { evidence, seconds }: Over): readonly Finding[] {
  const before = new Map(
    select(evidence.before(seconds), selector).map(({ key, data }) => [key, data.value] as const),
  );
  const risen = select(evidence.now, selector).map((each) => ({
    ...each,
    data: { ...each.data, value: Math.max(0, each.data.value - (before.get(each.key) ?? 0)) },
  }));
  return reduce(risen, by, (a, b) => a + b);
}

/** How much fell into each bucket in the time. */
function countsOf(
  selector: Selector,
  by: readonly string[],
  { evidence, seconds }: Over,
): readonly { readonly labels: Finding["labels"]; readonly counts: readonly number[] }[] {
  const before = new Map(
    select(evidence.before(seconds), selector).map(({ key, data }) => [key, data.counts] as const),
  );
  const groups = new Map<string, { readonly labels: Finding["labels"]; readonly counts: number[] }>();
  for (const { labels, key, data } of select(evidence.now, selector)) {
    const group = groupOf(labels, by);
    const known = groups.get(group.key) ?? { labels: group.labels, counts: [] };
    data.counts?.forEach((count, index) => {
      known.counts[index] = (known.counts[index] ?? 0) + count - (before.get(key)?.[index] ?? 0);
    });
    groups.set(group.key, known);
  }
  return [...groups.values()];
}

/** One value for each set of the labels `by`. */
function reduce(
  series: readonly Labelled[],
  by: readonly string[],
  combine: (a: number, b: number) => number,
): readonly Finding[] {
  const groups = new Map<string, Finding>();
  for (const { labels, data } of series) {
    const group = groupOf(labels, by);
    const before = groups.get(group.key);
    const value = before === undefined ? data.value : combine(before.value, data.value);
    groups.set(group.key, { labels: group.labels, value });
  }
  return [...groups.values()];
}

function divide(parts: readonly Finding[], wholes: readonly Finding[]): readonly Finding[] {
  const byKey = new Map(wholes.map(({ labels, value }) => [JSON.stringify(labels), value]));
  return parts.flatMap(({ labels, value }) => {
    const whole = byKey.get(JSON.stringify(labels));
    return whole === undefined || whole === 0 ? [] : [{ labels, value: value / whole }];
  });
}

function groupOf(labels: Finding["labels"], by: readonly string[]) {
  const kept = Object.fromEntries(by.map((label) => [label, labels[label] ?? ""]));
  return { key: JSON.stringify(kept), labels: kept };
}

function isMet(value: number, is: Comparison): boolean {
  switch (is.type) {
    case "above":
      return value > is.than;
    case "below":
      return value < is.than;
    case "equal":
      return value === is.to;
    default:
      return is satisfies never;
  }
}

import { createDurationFormat, formatSelector } from "./promql.ts";
import type { Comparison, Selector } from "./condition.ts";
import type { AlertRule } from "./rule.ts";

const duration = createDurationFormat(1);

/** When a rule holds, in words. */
export function describeCondition({ condition, forSeconds }: AlertRule): string {
  const isLasting = forSeconds > 0;
  return `${wordsOf(condition)}${isLasting ? `, for ${duration(forSeconds)}` : ""}`;
}

function wordsOf(condition: AlertRule["condition"]): string {
  switch (condition.type) {
    case "value":
      return `${formatSelector(condition.of)} ${number(condition.is)}${each(condition.by)}`;
    case "share":
      return `${formatSelector(condition.part)} ${percent(condition.is)} of ${formatSelector(condition.whole)}${each(condition.by)}`;
    case "time_left":
      return `the time until ${formatSelector(condition.of)} ${time(condition.is)}${each(condition.by)}`;
    case "increase":
      return `the rise of ${formatSelector(condition.of)} in ${duration(condition.windowSeconds)} ${number(condition.is)}${each(condition.by)}`;
    case "ratio":
      return `${names(condition.part)} ${percent(condition.is)} of ${names(condition.whole)} in ${duration(condition.windowSeconds)}${each(condition.by)}`;
    case "quantile":
      return `${Math.round(condition.quantile * 100)} of 100 observations of ${formatSelector(condition.of)} in ${duration(condition.windowSeconds)}: the slowest ${time(condition.is)}${each(condition.by)}`;
    case "promql":
      return "what its expression says, which only a Prometheus can tell";
    default:
      return condition satisfies never;
  }
}

/** Long lists of values stand in the expression. */
function names({ metric, match }: Selector): string {
  return match === undefined ? metric.name : `${metric.name} (${Object.keys(match).join(", ")} chosen)`;
}

function each(by: readonly string[]): string {
  const labels = by.filter((label) => label !== "instance");
  return labels.length === 0 ? "" : `, for each ${labels.join(" and ")}`;
}

function compare(is: Comparison, write: (value: number) => string): string {
  switch (is.type) {
    case "above":
      return `is above ${write(is.than)}`;
    case "below":
      return `is below ${write(is.than)}`;
    case "equal":
      return `is ${write(is.to)}`;
    default:
      return is satisfies never;
  }
}

function number(is: Comparison): string {
  return compare(is, String);
}

function percent(is: Comparison): string {
  return compare(is, (value) => `${Number((value * 100).toPrecision(4))}%`);
}

function time(is: Comparison): string {
  return compare(is, duration);
}

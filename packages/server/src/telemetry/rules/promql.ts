import type { Comparison, Condition, PromqlOptions, Selector } from "./condition.ts";

/** A condition as PromQL. */
export function formatCondition(condition: Condition, options: PromqlOptions): string {
  const window = (seconds: number) => `[${options.duration(seconds)}]`;
  switch (condition.type) {
    case "value": {
      const most = condition.is.type === "below" ? "min" : "max";
      return `${most}${by(condition.by)} (${formatSelector(condition.of)})${compare(condition.is)}`;
    }
    case "share": {
      const part = `max${by(condition.by)} (${formatSelector(condition.part)})`;
      return `${part} / max${by(condition.by)} (${formatSelector(condition.whole)})${compare(condition.is)}`;
    }
    case "time_left":
      return `min${by(condition.by)} (${formatSelector(condition.of)}) - time()${compare(condition.is)}`;
    case "increase": {
      // A counter that is made by what it counts is at one when it is first seen: that is a rise as well.
      const counter = formatSelector(condition.of);
      const length = options.duration(condition.windowSeconds);
      const rise = `(${counter} unless ${counter} offset ${length}) or increase(${counter}[${length}])`;
      return `sum${by(condition.by)} (${rise})${compare(condition.is)}`;
    }
    case "ratio":
      return `${sumOfRates(condition.part, condition)} / ${sumOfRates(condition.whole, condition)}${compare(condition.is)}`;
    case "quantile": {
      const buckets = formatSelector(condition.of, "_bucket");
      const rates = `sum${by([...condition.by, "le"])} (rate(${buckets}${window(condition.windowSeconds)}))`;
      return `histogram_quantile(${condition.quantile}, ${rates})${compare(condition.is)}`;
    }
    case "promql":
      return condition.expression(options);
    default:
      return condition satisfies never;
  }

  function sumOfRates(
    selector: Selector,
    over: { readonly by: readonly string[]; readonly windowSeconds: number },
  ): string {
    return `sum${by(over.by)} (rate(${formatSelector(selector)}${window(over.windowSeconds)}))`;
  }
}

/** A selector as PromQL. */
export function formatSelector({ metric, match = {} }: Selector, suffix = ""): string {
  const pairs = Object.entries(match).map(([label, values]) =>
    values.length === 1 ? `${label}="${values[0]}"` : `${label}=~"${values.join("|")}"`,
  );
  return `${metric.name}${suffix}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`}`;
}

/**
 * Writes lengths of time.
 * @param speed every length is divided by it: 1, but for tests that cannot wait for minutes
 */
export function createDurationFormat(speed: number): (seconds: number) => string {
  return (seconds) => {
    const ms = Math.max(1, Math.round((seconds * 1_000) / speed));
    for (const [unit, unitMs] of units) if (ms % unitMs === 0) return `${ms / unitMs}${unit}`;
    return `${ms}ms`;
  };
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

function by(labels: readonly string[]): string {
  return labels.length === 0 ? "" : ` by (${labels.join(", ")})`;
}

function compare(is: Comparison): string {
  switch (is.type) {
    case "above":
      return ` > ${is.than}`;
    case "below":
      return ` < ${is.than}`;
    case "equal":
      return ` == ${is.to}`;
    default:
      return is satisfies never;
  }
}

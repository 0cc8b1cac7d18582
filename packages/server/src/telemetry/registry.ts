/** Name and shape of one metric. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, rising. */
  readonly buckets?: readonly number[];
}

/** One series of a counter or gauge: resolved once, then a plain addition. */
export class NumberSeries {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }

  set(value: number): void {
    this.value = value;
  }
}

/** One series of a histogram. */
export class HistogramSeries {
  readonly #bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index++;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
  }
}

/** A family of series that share a name. */
export interface Metric<Series> {
  readonly definition: MetricDefinition;
  /**
   * The series of these label values, in the order of the definition's labels.
   * Past the cap of series the last free-form label becomes `other`.
   */
  series(...values: readonly string[]): Series;
  /** Forgets the series of these label values. */
  remove(...values: readonly string[]): void;
  /** Forgets every series. */
  clear(): void;
}

/** Series that one metric may have. */
const mostSeriesPerMetric = 2_000;

/** Metrics of this process, read by `GET /metrics`. */
export interface MetricRegistry {
  counter(definition: MetricDefinition): Metric<NumberSeries>;
  gauge(definition: MetricDefinition): Metric<NumberSeries>;
  histogram(definition: MetricDefinition): Metric<HistogramSeries>;
  /** Called before each exposition, to set gauges that are read and not counted. */
  onCollect(collect: () => void): void;
  /** The Prometheus text format, version 0.0.4. */
  expose(): string;
  /** Every series whose label `label` has this value, for one integration's page. */
  samples(label: string, value: string): readonly Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type AnySeries = NumberSeries | HistogramSeries;

/** A registry with no metric in it. */
export function createMetricRegistry(): MetricRegistry {
  const families = new Map<string, Family<AnySeries>>();
  const collectors: (() => void)[] = [];

  function family<Series extends AnySeries>(
    definition: MetricDefinition,
    create: () => Series,
  ): Metric<Series> {
    if (families.has(definition.name)) throw new Error(`the metric ${definition.name} is defined twice`);
    const made = new Family(definition, create);
    families.set(definition.name, made);
    return made;
  }

  return {
    counter: (definition) => family(definition, () => new NumberSeries()),
    gauge: (definition) => family(definition, () => new NumberSeries()),
    histogram: (definition) => family(definition, () => new HistogramSeries(definition.buckets ?? [])),
    onCollect: (collect) => {
      collectors.push(collect);
    },
    expose() {
      for (const collect of collectors) collect();
      let text = "";
      for (const each of families.values()) text += each.expose();
      return text;
    },
    samples(label, value) {
      for (const collect of collectors) collect();
      return [...families.values()].flatMap((each) => each.samples(label, value));
    },
  };
}

class Family<Series extends AnySeries> implements Metric<Series> {
  readonly definition: MetricDefinition;
  readonly #create: () => Series;
  readonly #series = new Map<string, { readonly values: readonly string[]; readonly series: Series }>();

  constructor(definition: MetricDefinition, create: () => Series) {
    this.definition = definition;
    this.#create = create;
  }

  series(...values: readonly string[]): Series {
    const known = this.#series.get(values.join("\u0000"));
    if (known !== undefined) return known.series;
    if (this.#series.size >= mostSeriesPerMetric && values.some((value) => value !== "other")) {
      return this.series(...values.map(() => "other"));
    }
    const made = { values, series: this.#create() };
    this.#series.set(values.join("\u0000"), made);
    return made.series;
  }

  remove(...values: readonly string[]): void {
    this.#series.delete(values.join("\u0000"));
  }

  clear(): void {
    this.#series.clear();
  }

  expose(): string {
    const { name, help, type, labels } = this.definition;
    let text = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
    for (const { values, series } of this.#series.values()) {
      const pairs = labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? "")}"`);
      text +=
        series instanceof NumberSeries
          ? `${name}${braces(pairs)} ${series.value}\n`
          : this.#exposeHistogram(pairs, series);
    }
    return text;
  }

  samples(label: string, value: string): readonly Sample[] {
    const index = this.definition.labels.indexOf(label);
    if (index < 0) return [];
    const found: Sample[] = [];
    for (const { values, series } of this.#series.values()) {
      if (values[index] !== value) continue;
      const labels = Object.fromEntries(this.definition.labels.map((name, at) => [name, values[at] ?? ""]));
      if (series instanceof NumberSeries)
        found.push({ name: this.definition.name, labels, value: series.value });
      else {
        found.push({
          name: `${this.definition.name}_count`,
          labels,
          value: series.counts.reduce((sum, count) => sum + count, 0),
        });
        found.push({ name: `${this.definition.name}_sum`, labels, value: series.sum });
      }
    }
    return found;
  }

  #exposeHistogram(pairs: readonly string[], series: HistogramSeries): string {
    const { name, buckets = [] } = this.definition;
    let text = "";
    let count = 0;
    buckets.forEach((bound, index) => {
      count += series.counts[index] ?? 0;
      text += `${name}_bucket${braces([...pairs, `le="${bound}"`])} ${count}\n`;
    });
    count += series.counts[buckets.length] ?? 0;
    text += `${name}_bucket${braces([...pairs, 'le="+Inf"'])} ${count}\n`;
    return `${text}${name}_sum${braces(pairs)} ${series.sum}\n${name}_count${braces(pairs)} ${count}\n`;
  }
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

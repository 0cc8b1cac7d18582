import { ForeignSeries } from "./foreign-series.ts";
import type { MetricDefinition, SeriesData } from "./metric-definition.ts";

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

/** One value as the page of an integration shows it. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type AnySeries = NumberSeries | HistogramSeries;

/** A metric with its series, those of other processes included where it is read. */
export class Family<Series extends AnySeries> implements Metric<Series> {
  readonly definition: MetricDefinition;
  /** Of the same metric in other processes. */
  readonly foreign: ForeignSeries;
  readonly #create: () => Series;
  readonly #series = new Map<string, { readonly values: readonly string[]; readonly series: Series }>();

  constructor(definition: MetricDefinition, create: () => Series) {
    this.definition = definition;
    this.foreign = new ForeignSeries(definition);
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

  /** The series of this process alone. */
  export(): readonly SeriesData[] {
    return [...this.#series.values()].map(({ values, series }) => toData(values, series));
  }

  expose(): string {
    const { name, help, type, labels } = this.definition;
    let text = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
    for (const { values, value, counts } of this.foreign.mergeInto(this.export())) {
      const pairs = labels.map((label, index) => `${label}="${escapeLabel(values[index] ?? "")}"`);
      text +=
        counts === undefined
          ? `${name}${braces(pairs)} ${value}\n`
          : this.#exposeHistogram(pairs, { sum: value, counts });
    }
    return text;
  }

  /** Every series, or those whose label has this value. */
  samples(where?: { readonly label: string; readonly value: string }): readonly Sample[] {
    const { name, labels: names } = this.definition;
    const index = where === undefined ? -1 : names.indexOf(where.label);
    if (where !== undefined && index < 0) return [];
    const found: Sample[] = [];
    for (const { values, value, counts } of this.foreign.mergeInto(this.export())) {
      if (where !== undefined && values[index] !== where.value) continue;
      const labels = Object.fromEntries(names.map((each, at) => [each, values[at] ?? ""]));
      if (counts === undefined) found.push({ name, labels, value });
      else {
        found.push({ name: `${name}_count`, labels, value: counts.reduce((sum, count) => sum + count, 0) });
        found.push({ name: `${name}_sum`, labels, value });
      }
    }
    return found;
  }

  #exposeHistogram(
    pairs: readonly string[],
    { sum, counts }: { readonly sum: number; readonly counts: Float64Array },
  ): string {
    const { name, buckets = [] } = this.definition;
    let text = "";
    let count = 0;
    buckets.forEach((bound, index) => {
      count += counts[index] ?? 0;
      text += `${name}_bucket${braces([...pairs, `le="${bound}"`])} ${count}\n`;
    });
    count += counts[buckets.length] ?? 0;
    text += `${name}_bucket${braces([...pairs, 'le="+Inf"'])} ${count}\n`;
    return `${text}${name}_sum${braces(pairs)} ${sum}\n${name}_count${braces(pairs)} ${count}\n`;
  }
}

function toData(values: readonly string[], series: AnySeries): SeriesData {
  return series instanceof NumberSeries
    ? { values, value: series.value }
    : { values, value: series.sum, counts: series.counts };
}

function braces(pairs: readonly string[]): string {
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

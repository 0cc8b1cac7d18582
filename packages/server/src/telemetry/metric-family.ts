import { type ExpositionFormat, formatHead, formatSeries } from "./exposition.ts";
import { ForeignSeries } from "./foreign-series.ts";
import type { Exemplar, MetricDefinition, SeriesData } from "./metric-definition.ts";

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

/** What is a trace's id as text: made only where somebody reads it. */
export interface TraceName {
  toString(): string;
}

interface KeptExemplar {
  trace: TraceName;
  value: number;
  atMs: number;
}

/** One series of a histogram. */
export class HistogramSeries {
  readonly #bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;
  #exemplars: (KeptExemplar | undefined)[] | undefined;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** @param trace of the call, where it is kept somewhere */
  observe(value: number, trace?: TraceName): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index++;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
    if (trace !== undefined) this.#keepExemplar(index, trace, value);
  }

  /** Of each bucket the last call with a trace, as far as there was one. */
  get exemplars(): readonly (Exemplar | undefined)[] | undefined {
    return this.#exemplars?.map(
      (kept) => kept && { traceId: String(kept.trace), value: kept.value, atSeconds: kept.atMs / 1_000 },
    );
  }

  #keepExemplar(index: number, trace: TraceName, value: number): void {
    this.#exemplars ??= [];
    const kept = this.#exemplars[index];
    const atMs = Date.now();
    if (kept === undefined) {
      this.#exemplars[index] = { trace, value, atMs };
      return;
    }
    kept.trace = trace;
    kept.value = value;
    kept.atMs = atMs;
  }
}

/** A family of series that share a name. */
export interface Metric<Series> {
  readonly definition: MetricDefinition;
  /**
   * The series of these label values, in the order of the definition's labels.
   * Past the cap of series all of them become `other`.
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

  /** The metric's text, one series at a time. */
  *expose(format: ExpositionFormat): Generator<string> {
    yield formatHead(this.definition, format);
    for (const series of this.#merged()) yield formatSeries(this.definition, series, format);
  }

  /** Every series, or those whose label has this value. */
  samples(where?: { readonly label: string; readonly value: string }): readonly Sample[] {
    const { name, labels: names } = this.definition;
    const index = where === undefined ? -1 : names.indexOf(where.label);
    if (where !== undefined && index < 0) return [];
    const found: Sample[] = [];
    for (const { values, value, counts } of this.#merged()) {
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

  /** The series of all processes; later counting does not change it. */
  copy(): readonly SeriesData[] {
    return this.#merged().map((series) =>
      series.counts === undefined ? series : { ...series, counts: series.counts.slice() },
    );
  }

  /** The series of all processes. */
  #merged(): readonly SeriesData[] {
    return this.foreign.mergeInto(this.export());
  }
}

function toData(values: readonly string[], series: AnySeries): SeriesData {
  return series instanceof NumberSeries
    ? { values, value: series.value }
    : { values, value: series.sum, counts: series.counts, exemplars: series.exemplars };
}

import type { Exemplar, MetricDefinition, SeriesData } from "./metric-definition.ts";

/**
 * The series of one metric in other processes: the last that each of them told, and what those that are gone had counted.
 */
export class ForeignSeries {
  readonly #definition: MetricDefinition;
  readonly #told = new Map<string, readonly SeriesData[]>();
  #retired: readonly SeriesData[] = [];

  constructor(definition: MetricDefinition) {
    this.#definition = definition;
  }

  /** Takes in what a process tells: all of its series, in place of those before. */
  set(source: string, series: readonly SeriesData[]): void {
    if (series.length === 0) this.#told.delete(source);
    else this.#told.set(source, series);
  }

  /** A process is gone: what it counted stays counted, and its gauges go with it. */
  retire(source: string): void {
    const last = this.#told.get(source);
    this.#told.delete(source);
    if (last === undefined || this.#definition.type === "gauge") return;
    this.#retired = this.#merge([this.#retired, last]);
  }

  /** One series for each combination of labels, over this process and all others. */
  mergeInto(own: readonly SeriesData[]): readonly SeriesData[] {
    if (this.#told.size === 0 && this.#retired.length === 0) return own;
    return this.#merge([own, this.#retired, ...this.#told.values()]);
  }

  #merge(lists: readonly (readonly SeriesData[])[]): readonly SeriesData[] {
    const merged = new Map<string, SeriesData>();
    for (const series of lists.flat()) {
      const key = series.values.join("\u0000");
      const before = merged.get(key);
      merged.set(key, before === undefined ? series : this.#combine(before, series));
    }
    return [...merged.values()];
  }

  #combine(a: SeriesData, b: SeriesData): SeriesData {
    const isMost = this.#definition.merge === "max";
    const value = isMost ? Math.max(a.value, b.value) : a.value + b.value;
    if (a.counts === undefined || b.counts === undefined) return { values: a.values, value };
    const { counts } = b;
    return {
      values: a.values,
      value,
      counts: a.counts.map((count, index) => count + (counts[index] ?? 0)),
      exemplars: latest(a.exemplars, b.exemplars),
    };
  }
}

type Exemplars = readonly (Exemplar | undefined)[] | undefined;

/** Of each bucket the later of two. */
function latest(a: Exemplars, b: Exemplars): Exemplars {
  if (a === undefined || b === undefined) return a ?? b;
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, index) => {
    const [one, other] = [a[index], b[index]];
    return (one?.atSeconds ?? 0) >= (other?.atSeconds ?? 0) ? (one ?? other) : other;
  });
}

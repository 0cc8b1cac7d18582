import type { ExpositionFormat } from "./exposition.ts";
import type { MetricDefinition, SeriesData } from "./metric-definition.ts";
import {
  type AnySeries,
  Family,
  HistogramSeries,
  type Metric,
  NumberSeries,
  type Sample,
} from "./metric-family.ts";

/** The series of one metric as plain data. */
export interface FamilyData {
  readonly name: string;
  readonly series: readonly SeriesData[];
}

/** Metrics of this process and of those that tell it theirs, read by `GET /metrics`. */
export interface MetricRegistry {
  counter(definition: MetricDefinition): Metric<NumberSeries>;
  gauge(definition: MetricDefinition): Metric<NumberSeries>;
  histogram(definition: MetricDefinition): Metric<HistogramSeries>;
  /** Called before each exposition, to set gauges that are read and not counted. */
  onCollect(collect: () => void): void;
  /** The text of every metric, in small pieces: whoever writes it may do something else in between. */
  exposePieces(format: ExpositionFormat): Iterable<string>;
  /** The Prometheus text format, version 0.0.4, at once. */
  expose(): string;
  /** Every series whose label `label` has this value, for one integration's page. */
  samples(label: string, value: string): readonly Sample[];
  /** Every series of these metrics, or of all, those of other processes included. Names that are not known are ignored. */
  read(names: readonly string[] | undefined): readonly Sample[];
  /** Every series of these metrics as they are now, those of other processes included; later counting does not change it. */
  snapshot(names: readonly string[]): ReadonlyMap<string, readonly SeriesData[]>;
  /** Every metric that has series, with those of other processes. */
  metrics(): readonly { readonly definition: MetricDefinition; readonly series: readonly SeriesData[] }[];
  /** The series of this process, for another one to take in. Metrics without any are left out. */
  export(): readonly FamilyData[];
  /** Takes in the series of another process in place of those that it told before; metrics that are not defined here are ignored. */
  setForeign(source: string, families: readonly FamilyData[]): void;
  /** Another process is gone: what it counted stays, its gauges go. */
  retireForeign(source: string): void;
}

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

  function* exposePieces(format: ExpositionFormat): Generator<string> {
    for (const collect of collectors) collect();
    for (const each of families.values()) yield* each.expose(format);
  }

  return {
    counter: (definition) => family(definition, () => new NumberSeries()),
    gauge: (definition) => family(definition, () => new NumberSeries()),
    histogram: (definition) => family(definition, () => new HistogramSeries(definition.buckets ?? [])),
    onCollect: (collect) => {
      collectors.push(collect);
    },
    exposePieces,
    expose: () => [...exposePieces("prometheus")].join(""),
    samples(label, value) {
      for (const collect of collectors) collect();
      return [...families.values()].flatMap((each) => each.samples({ label, value }));
    },
    read(names) {
      for (const collect of collectors) collect();
      const wanted = names === undefined ? undefined : new Set(names);
      return [...families]
        .filter(([name]) => wanted?.has(name) !== false)
        .flatMap(([, each]) => each.samples());
    },
    snapshot(names) {
      for (const collect of collectors) collect();
      return new Map(names.map((name) => [name, families.get(name)?.copy() ?? []]));
    },
    metrics() {
      for (const collect of collectors) collect();
      const all = [...families.values()].map((each) => ({
        definition: each.definition,
        series: each.copy(),
      }));
      return all.filter(({ series }) => series.length > 0);
    },
    export() {
      for (const collect of collectors) collect();
      const all = [...families].map(([name, each]) => ({ name, series: each.export() }));
      return all.filter(({ series }) => series.length > 0);
    },
    setForeign(source, told) {
      const byName = new Map(told.map(({ name, series }) => [name, series]));
      for (const [name, each] of families) each.foreign.set(source, byName.get(name) ?? []);
    },
    retireForeign(source) {
      for (const each of families.values()) each.foreign.retire(source);
    },
  };
}

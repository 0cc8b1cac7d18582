/** Name and shape of one metric. */
export interface MetricDefinition {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, rising. */
  readonly buckets?: readonly number[];
  /** How the values of several processes make one; default `sum`. */
  readonly merge?: "sum" | "max";
}

/** One observation whose trace is kept somewhere. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** When, in Unix time. */
  readonly atSeconds: number;
}

/** One series as plain data, for another process. */
export interface SeriesData {
  readonly values: readonly string[];
  /** Of a histogram the sum. */
  readonly value: number;
  /** Of a histogram: how many fell into each bucket. */
  readonly counts?: Float64Array;
  /** Of a histogram: the last call with a trace in each bucket, as far as there was one. */
  readonly exemplars?: readonly (Exemplar | undefined)[] | undefined;
}

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

/** One series as plain data, for another process. */
export interface SeriesData {
  readonly values: readonly string[];
  /** Of a histogram the sum. */
  readonly value: number;
  /** Of a histogram: how many fell into each bucket. */
  readonly counts?: Float64Array;
}

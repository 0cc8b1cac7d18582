/** A metric that an integration declares; it is shown as `llm_integration_<id>_<name>`. */
export interface MetricDeclaration {
  /** Lower case with underscores, unit last, `_total` for a counter. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Closed set of label names; the label `integration` is added by the host. */
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram's buckets, rising. */
  readonly buckets?: readonly number[];
}

export type LabelValues = Readonly<Record<string, string>>;

/** The instruments of the declared metrics. Each throws PlatformError `internal` for an undeclared name. */
export interface Instruments {
  /** Adds `amount` (at least 0) to a counter. */
  add(name: string, amount: number, labels?: LabelValues): void;
  /** Sets a gauge. */
  set(name: string, value: number, labels?: LabelValues): void;
  /** Puts one observation into a histogram. */
  observe(name: string, value: number, labels?: LabelValues): void;
}

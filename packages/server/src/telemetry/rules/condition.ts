import type { MetricDefinition } from "../metric-definition.ts";

/** Series of one metric: all of them, or those whose labels have one of these values. */
export interface Selector {
  readonly metric: MetricDefinition;
  readonly match?: Readonly<Record<string, readonly string[]>>;
}

/** What a value is compared with. */
export type Comparison =
  | { readonly type: "above"; readonly than: number }
  | { readonly type: "below"; readonly than: number }
  | { readonly type: "equal"; readonly to: number };

/**
 * When an alert is due. All but `promql` are known in this form, so that the platform itself can tell whether they hold
 * and a rule for Prometheus can be written of the same words.
 */
export type Condition =
  | {
      /** The highest value among the series that agree in the labels `by`; for `below` the lowest. */
      readonly type: "value";
      readonly of: Selector;
      readonly by: readonly string[];
      readonly is: Comparison;
    }
  | {
      /** One gauge as a part of another. */
      readonly type: "share";
      readonly part: Selector;
      readonly whole: Selector;
      readonly by: readonly string[];
      readonly is: Comparison;
    }
  | {
      /** How many seconds are left until the time that a gauge tells. */
      readonly type: "time_left";
      readonly of: Selector;
      readonly by: readonly string[];
      readonly is: Comparison;
    }
  | {
      /** By how much counters rose. */
      readonly type: "increase";
      readonly of: Selector;
      readonly by: readonly string[];
      readonly windowSeconds: number;
      readonly is: Comparison;
    }
  | {
      /** What one counter rose by, as a part of what another rose by. */
      readonly type: "ratio";
      readonly part: Selector;
      readonly whole: Selector;
      readonly by: readonly string[];
      readonly windowSeconds: number;
      readonly is: Comparison;
    }
  | {
      /** A quantile of what a histogram observed. */
      readonly type: "quantile";
      readonly quantile: number;
      readonly of: Selector;
      readonly by: readonly string[];
      readonly windowSeconds: number;
      readonly is: Comparison;
    }
  | {
      /** What only Prometheus can tell. */
      readonly type: "promql";
      expression(promql: PromqlOptions): string;
    };

/** How expressions are written. */
export interface PromqlOptions {
  /** Value of the label `job` that the platform is scraped under. */
  readonly job: string;
  /** A length of time as PromQL writes it. */
  duration(seconds: number): string;
}

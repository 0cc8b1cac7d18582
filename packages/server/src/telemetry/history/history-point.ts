import type { ErrorClass } from "../../core/usage-tally.ts";

/** Percentiles in milliseconds. */
export interface HistoryTimes {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What happened in one bucket of time. */
export interface HistoryPoint {
  /** Start of the bucket. */
  readonly timeMs: number;
  readonly calls: number;
  readonly failed: number;
  /** Failures by why. */
  readonly errors: Readonly<Record<ErrorClass, number>>;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Millionths, by currency. */
  readonly costMicros: ReadonlyMap<string, number>;
  /** Undefined where no call ended. */
  readonly duration: HistoryTimes | undefined;
  /** Undefined where no stream began. */
  readonly firstContent: HistoryTimes | undefined;
  /** How many streams took how long until then: one count for each bound of the history, and one for what was longer. */
  readonly firstContentCounts: readonly number[] | undefined;
}

/** What was found of a time. */
export interface History {
  /** In order of time. */
  readonly points: readonly HistoryPoint[];
  /** Milliseconds, rising; every `firstContentCounts` is by them. */
  readonly firstContentBoundsMs: readonly number[];
}

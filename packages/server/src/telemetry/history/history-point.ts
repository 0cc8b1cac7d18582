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
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Millionths, by currency. */
  readonly costMicros: ReadonlyMap<string, number>;
  /** Undefined where no call ended. */
  readonly duration: HistoryTimes | undefined;
  /** Undefined where no stream began. */
  readonly firstContent: HistoryTimes | undefined;
}

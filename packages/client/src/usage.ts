/** About which usage a question is. */
export interface UsageFilter {
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly model?: string | undefined;
  readonly principal?: string | undefined;
  readonly integration?: string | undefined;
}

export interface UsageQuestion extends UsageFilter {
  /** 24h, 7d, 30d (the default) or 90d, instead of `from` and `until`. */
  readonly range?: string | undefined;
  /** minute, hour, day or none, the default. */
  readonly bucket?: string | undefined;
  /** Names with commas between. */
  readonly group_by?: string | undefined;
  /** Default true. Without them `duration_ms` and `first_byte_ms` are null, and a large answer comes sooner. */
  readonly percentiles?: boolean | undefined;
}

/** What was asked or answered, as much of it as was kept. */
export interface ContentPart {
  readonly text: string;
  /** Of the whole. */
  readonly bytes: number;
  readonly truncated: boolean;
}

/** What a call asked and was answered, where it was kept. */
export interface CallContent {
  readonly request_id: string;
  readonly time: string;
  readonly principal: string;
  readonly operation: string;
  readonly model: string;
  /** `ok`, or the code of the error that it ended with. */
  readonly outcome: string;
  readonly request: ContentPart;
  readonly reply: ContentPart | null;
}

/** Milliseconds. */
export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What one group came to; it has the members by which it was asked for. */
export interface UsageSum {
  readonly bucket_start: string | null;
  readonly model?: string;
  readonly principal?: string;
  readonly integration?: string;
  readonly provider?: string;
  readonly operation?: string;
  readonly attempts: number;
  readonly calls: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly reasoning_tokens: number;
  readonly costs: readonly { readonly currency: string; readonly cost_micros: number }[];
  readonly unpriced_attempts: number;
  readonly estimated_attempts: number;
  readonly duration_ms: Latency | null;
  readonly first_byte_ms: Latency | null;
}

export interface UsageAnswer {
  readonly from: string;
  readonly until: string;
  readonly bucket: string;
  readonly usage: readonly UsageSum[];
  readonly unknown_prices: readonly {
    readonly integration: string;
    readonly model: string;
    readonly attempts: number;
  }[];
  readonly records_behind: number;
}

export type UsageFormat = "csv" | "json";

export interface RepriceReport {
  readonly examined: number;
  readonly changed: number;
  /** Changed records that had no cost. */
  readonly priced_anew: number;
  readonly differences: readonly { readonly currency: string; readonly cost_micros: number }[];
  /** For the next call; null when all records were looked at. */
  readonly next_cursor: string | null;
}

export interface RepriceOrder {
  readonly from: string;
  readonly until?: string | undefined;
  readonly dry_run?: boolean | undefined;
  readonly cursor?: string | undefined;
}

/** The tables, as the query layer sees them. */
export interface Tables {
  readonly events: EventRow;
  readonly key_values: KeyValueRow;
  readonly usage_ledger: UsageRow;
}

export interface EventRow {
  readonly id: number;
  readonly time: string;
  readonly integration: string;
  readonly type: string;
  /** JSON of an object. */
  readonly data: string;
}

export interface KeyValueRow {
  readonly integration: string;
  readonly key: string;
  /** JSON. */
  readonly value: string;
}

export interface UsageRow {
  readonly id: number;
  readonly attempt_id: string;
  readonly started_at_ms: number;
  readonly principal: string;
  readonly operation: string;
  readonly requested_model: string;
  readonly integration: string;
  readonly provider: string;
  readonly upstream_model: string;
  /** 1 for a stream, else 0. */
  readonly stream: number;
  readonly duration_ms: number;
  readonly first_byte_ms: number | null;
  readonly outcome: string;
  readonly http_status: number | null;
  readonly error_code: string | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cache_read_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly usage_source: string;
  readonly cost_micros: number | null;
  readonly currency: string | null;
}

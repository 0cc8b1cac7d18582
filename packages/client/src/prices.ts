/** For which models a price is. */
export interface PriceScope {
  readonly integration?: string | undefined;
  readonly provider?: string | undefined;
  /** Name of a model, or the beginning of one followed by `*`. */
  readonly model: string;
}

/** What models cost, in units of the currency. Tokens need a price unless the call or its time has one. */
export interface NewPrice extends PriceScope {
  readonly input_per_million?: number | undefined;
  readonly output_per_million?: number | undefined;
  readonly cache_read_per_million?: number | undefined;
  readonly cache_write_per_million?: number | undefined;
  readonly reasoning_per_million?: number | undefined;
  readonly per_request?: number | undefined;
  readonly per_second?: number | undefined;
  readonly energy?: { readonly watts: number; readonly price_per_kwh: number } | undefined;
  /** Default USD. */
  readonly currency?: string | undefined;
  /** Default now. */
  readonly effective_from?: string | undefined;
}

export interface PriceQuestion {
  readonly at?: string | undefined;
  /** in_force (the default), later or any. */
  readonly when?: string | undefined;
  readonly model?: string | undefined;
  readonly integration?: string | undefined;
  /** operator, config or bundled. */
  readonly source?: string | undefined;
}

/** A price as the server has it. */
export interface Price {
  readonly version: string;
  readonly source: string;
  readonly integration: string | null;
  readonly provider: string | null;
  readonly model: string;
  readonly currency: string;
  readonly input_per_million: number;
  readonly output_per_million: number;
  readonly cache_read_per_million: number | null;
  readonly cache_write_per_million: number | null;
  readonly reasoning_per_million: number | null;
  readonly long: {
    readonly above_input_tokens: number;
    readonly input_per_million: number;
    readonly output_per_million: number;
    readonly cache_read_per_million: number | null;
    readonly cache_write_per_million: number | null;
  } | null;
  readonly per_request: number | null;
  readonly per_second: number | null;
  readonly energy: { readonly watts: number; readonly price_per_kwh: number } | null;
  readonly effective_from: string | null;
  readonly effective_until: string | null;
  readonly is_readable: boolean;
}

export interface PriceAnswer {
  readonly at: string;
  /** Of several that fit a model the first holds. */
  readonly prices: readonly Price[];
  /** Models that used tokens without a known price in the last 30 days. */
  readonly unpriced: readonly {
    readonly integration: string;
    readonly model: string;
    readonly attempts: number;
  }[];
}

import type { LimitValues } from "../core/limits.ts";

/** Limits as they stand in a row; null for none. */
export interface LimitColumns {
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly max_concurrent: number | null;
}

export function toLimitColumns(limits: LimitValues): LimitColumns {
  return {
    requests_per_minute: limits.requestsPerMinute ?? null,
    tokens_per_minute: limits.tokensPerMinute ?? null,
    max_concurrent: limits.maxConcurrent ?? null,
  };
}

export function fromLimitColumns(row: LimitColumns): LimitValues {
  return {
    requestsPerMinute: row.requests_per_minute ?? undefined,
    tokensPerMinute: row.tokens_per_minute ?? undefined,
    maxConcurrent: row.max_concurrent ?? undefined,
  };
}

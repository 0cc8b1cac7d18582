import type { SummedField } from "../core/usage-tally.ts";

/** The columns that hold plain sums, and the members of a tally that they come from. */
export const rollupSums = [
  { column: "attempts", field: "attempts" },
  { column: "calls", field: "calls" },
  { column: "cancelled_attempts", field: "cancelledAttempts" },
  { column: "request_errors", field: "requestErrors" },
  { column: "rate_limited_attempts", field: "rateLimitedAttempts" },
  { column: "timeouts", field: "timeouts" },
  { column: "upstream_errors", field: "upstreamErrors" },
  { column: "interrupted_attempts", field: "interruptedAttempts" },
  { column: "input_tokens", field: "inputTokens" },
  { column: "output_tokens", field: "outputTokens" },
  { column: "cache_read_tokens", field: "cacheReadTokens" },
  { column: "cache_write_tokens", field: "cacheWriteTokens" },
  { column: "reasoning_tokens", field: "reasoningTokens" },
  { column: "cost_micros", field: "costMicros" },
  { column: "unpriced_attempts", field: "unpricedAttempts" },
  { column: "estimated_attempts", field: "estimatedAttempts" },
  { column: "duration_ms", field: "durationMs" },
  { column: "first_byte_ms", field: "firstByteMs" },
] as const satisfies readonly { readonly column: string; readonly field: SummedField }[];

export type RollupSum = (typeof rollupSums)[number]["column"];

/** What rows of the sums tell apart, by the value of their column `by_principal`. */
export const rollupGrains = {
  /** Everything but principals: most questions are not about them, and read a fraction of the rows so. */
  overPrincipals: 0,
  everything: 1,
  /** Principals and currencies alone. There are none by the minute. */
  principals: 2,
} as const;
export type RollupGrain = (typeof rollupGrains)[keyof typeof rollupGrains];

import type { LimitDemand } from "./limits.ts";

/** What is left of a call's limits for one of several replicas that cannot ask each other: its share, at least 1. */
export function shareOf({ limits, tokens }: LimitDemand, replicas: number): LimitDemand {
  if (replicas <= 1) return { limits, tokens };
  const part = (value: number | undefined) =>
    value === undefined ? undefined : Math.max(1, Math.floor(value / replicas));
  return {
    tokens,
    limits: limits.map((limit) => ({
      ...limit,
      requestsPerMinute: part(limit.requestsPerMinute),
      tokensPerMinute: part(limit.tokensPerMinute),
      maxConcurrent: part(limit.maxConcurrent),
    })),
  };
}

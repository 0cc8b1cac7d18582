import type { FeedTypes } from "@llm-platform/client";

type Sample = FeedTypes["metrics"]["item"];

/** What counters said at a time. */
export interface Reading {
  readonly atMs: number;
  readonly requests: number;
  readonly failed: number;
  readonly tokens: number;
  readonly inFlight: number;
}

/** What went on between two readings, for each second. */
export interface Rates {
  readonly requests: number;
  readonly tokens: number;
  /** From 0 to 1; null without requests. */
  readonly errorRatio: number | null;
  readonly inFlight: number;
}

/** Names of the metrics that are followed. */
export const followedMetrics = ["llm_requests_total", "llm_tokens_total", "llm_requests_in_flight"] as const;
const [requestsName, tokensName, inFlightName] = followedMetrics;

/** So many readings are looked back. */
export const windowMs = 60_000;

export function toReading({ time, series }: Sample): Reading {
  const sum = (name: string, fits: (labels: Readonly<Record<string, string>>) => boolean = () => true) =>
    series
      .filter((each) => each.name === name && fits(each.labels))
      .reduce((total, { value }) => total + value, 0);
  return {
    atMs: Date.parse(time),
    requests: sum(requestsName),
    failed: sum(
      requestsName,
      ({ status_class }) => status_class !== undefined && !/^[123]xx$/.test(status_class),
    ),
    tokens: sum(tokensName, ({ type }) => type === "input" || type === "output"),
    inFlight: sum(inFlightName),
  };
}

/** Adds a reading; a counter that went back has begun anew, and so do the readings. */
export function addReading(readings: readonly Reading[], next: Reading): readonly Reading[] {
  const last = readings.at(-1);
  const isAnew = last !== undefined && next.requests < last.requests;
  const kept = isAnew ? [] : readings.filter(({ atMs }) => atMs >= next.atMs - windowMs && atMs < next.atMs);
  return [...kept, next];
}

/** Undefined before there are two readings. */
export function ratesOf(readings: readonly Reading[]): Rates | undefined {
  const first = readings[0];
  const last = readings.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return undefined;
  const seconds = (last.atMs - first.atMs) / 1_000;
  const requests = last.requests - first.requests;
  return {
    requests: requests / seconds,
    tokens: (last.tokens - first.tokens) / seconds,
    errorRatio: requests === 0 ? null : (last.failed - first.failed) / requests,
    inFlight: last.inFlight,
  };
}

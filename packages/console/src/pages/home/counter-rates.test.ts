import { expect, test } from "vitest";
import { addReading, ratesOf, type Reading, toReading } from "./counter-rates.ts";

const reading = (atMs: number, requests: number, failed = 0): Reading => ({
  atMs,
  requests,
  failed,
  tokens: requests * 10,
  inFlight: 2,
});

test("a reading sums what its metrics count", () => {
  const series = [
    { name: "llm_requests_total", labels: { status_class: "2xx" }, value: 7 },
    { name: "llm_requests_total", labels: { status_class: "5xx" }, value: 2 },
    { name: "llm_tokens_total", labels: { type: "input" }, value: 30 },
    { name: "llm_tokens_total", labels: { type: "output" }, value: 12 },
    { name: "llm_tokens_total", labels: { type: "cache_read" }, value: 25 },
    { name: "llm_requests_in_flight", labels: {}, value: 3 },
  ];
  const time = new Date(5_000).toISOString();
  expect(toReading({ time, series })).toEqual({
    atMs: 5_000,
    requests: 9,
    failed: 2,
    tokens: 42,
    inFlight: 3,
  });
});

test("rates are of the last minute", () => {
  const readings = [0, 5, 10, 65]
    .map((second) => reading(second * 1_000, second * 4, second))
    .reduce(addReading, [] as readonly Reading[]);
  expect(ratesOf(readings)).toEqual({ requests: 4, tokens: 40, errorRatio: 0.25, inFlight: 2 });
});

test("without traffic there is no share of errors, and with one reading no rate", () => {
  expect(ratesOf([reading(0, 5)])).toBeUndefined();
  expect(ratesOf([reading(0, 5), reading(5_000, 5)])?.errorRatio).toBeNull();
});

test("a server that was started anew begins anew", () => {
  expect(addReading([reading(0, 500)], reading(5_000, 3))).toEqual([reading(5_000, 3)]);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseBudget } from "./budget.ts";
import type { Figure, Metrics } from "./figures.ts";
import { computeRatios, targets } from "./ratios.ts";
import { scenarios } from "./scenarios.ts";

function figure(contestant: Figure["contestant"], cpuMicros: readonly (number | undefined)[]): Figure {
  const rounds = cpuMicros.map((value) => (value === undefined ? undefined : { cpuMicrosPerRequest: value }));
  return { scenario: "json-1k", kind: "json", contestant, rounds };
}

function latency(contestant: Figure["contestant"], rounds: readonly (Metrics | undefined)[]): Figure {
  return { scenario: "latency-2000", kind: "rate", contestant, rounds };
}

test("tells a machine that slows down from a program that does", () => {
  const { cpu_per_request_vs_nginx_1kb: ratio } = computeRatios([
    figure("nginx", [10, 20, 40]),
    figure("llm-platform", [20, 40, 80]),
  ]);
  expect(ratio).toEqual({ value: 2, rounds: [2, 2, 2] });
});

test("leaves out a round that one of both has not", () => {
  const { cpu_per_request_vs_nginx_1kb: ratio } = computeRatios([
    figure("nginx", [10, undefined, 10]),
    figure("llm-platform", [10, 90, 30]),
  ]);
  expect(ratio).toEqual({ value: 1.5, rounds: [1, 3] });
});

test("a disturbance of some rounds does not count, whomever it meets", () => {
  const ratios = computeRatios([
    figure("nginx", [10, 35, 10, 10, 28]),
    figure("llm-platform", [95, 20, 20, 60, 20]),
  ]);
  expect(ratios["cpu_per_request_vs_nginx_1kb"]).toEqual({ value: 2, rounds: [9.5, 20 / 35, 2, 6, 20 / 28] });
});

test("of rates the higher ones are the undisturbed", () => {
  const rate = (contestant: Figure["contestant"], values: readonly number[]): Figure => {
    const rounds = values.map((requestsPerSecond) => ({ requestsPerSecond }));
    return { scenario: "json-1k", kind: "json", contestant, rounds };
  };
  const ratios = computeRatios([
    rate("nginx", [400, 100, 400, 400, 90]),
    rate("llm-platform", [50, 200, 200, 60, 200]),
  ]);
  expect(ratios["requests_per_second_vs_nginx_1kb"]?.value).toBe(0.5);
});

test("compares a peer with what was measured in the peer's own rounds", () => {
  const ratios = computeRatios([
    figure("llm-platform", [50, 20, 50, 40]),
    figure("nginx", [25, 10, 25, 20]),
    figure("litellm", [undefined, 4_000, undefined, 8_000]),
    figure("go", [undefined, 60, undefined, 120]),
    figure("haproxy", [undefined, 9, undefined, 18]),
  ]);
  expect(ratios["litellm_vs_ours_cpu_1kb"]).toEqual({ value: 200, rounds: [200, 200] });
  expect(ratios["go_vs_ours_cpu_1kb"]).toEqual({ value: 3, rounds: [3, 3] });
  expect(ratios["haproxy_vs_nginx_cpu_1kb"]).toEqual({ value: 0.9, rounds: [0.9, 0.9] });
});

test("counts as added what is more than the direct way took", () => {
  const ratios = computeRatios([
    latency("direct", [
      { p50Micros: 100, p99Micros: 200 },
      { p50Micros: 300, p99Micros: 900 },
    ]),
    latency("nginx", [
      { p50Micros: 200, p99Micros: 400 },
      { p50Micros: 500, p99Micros: 1_000 },
    ]),
    latency("llm-platform", [
      { p50Micros: 220, p99Micros: 450 },
      { p50Micros: 540, p99Micros: 1_250 },
    ]),
  ]);
  expect(ratios["added_p50_vs_nginx_at_2000"]).toEqual({ value: 1.2, rounds: [1.2, 1.2] });
  expect(ratios["added_p99_micros_at_2000"]).toEqual({ value: 275, rounds: [250, 350] });
});

test("divides by no added time that is nothing, and takes none of a round without the direct way", () => {
  const slow = { p50Micros: 400, p99Micros: 900 };
  const direct = { p50Micros: 200, p99Micros: 300 };
  const ratios = computeRatios([
    latency("direct", [direct, direct, undefined]),
    latency("nginx", [{ p50Micros: 200, p99Micros: 400 }, { p50Micros: 300, p99Micros: 400 }, slow]),
    latency("llm-platform", [slow, slow, slow]),
  ]);
  expect(ratios["added_p50_vs_nginx_at_2000"]?.rounds).toEqual([2]);
  expect(ratios["added_p99_micros_at_2000"]?.rounds).toEqual([600, 600]);
});

test("takes the quartile of the starts", () => {
  const rounds = [900, 700, 1_500, 800, 2_000].map((startToReadyMs) => ({ startToReadyMs }));
  const { start_to_ready_ms: ratio } = computeRatios([
    { scenario: "start", kind: "start", contestant: "llm-platform", rounds },
  ]);
  expect(ratio?.value).toBe(800);
});

test("tells no ratio of what was not measured", () => {
  expect(computeRatios([figure("llm-platform", [20])])).toEqual({});
});

test("a whole run has every ratio that the budget or a target names", () => {
  const metrics: Metrics = {
    cpuMicrosPerRequest: 2,
    cpuMicrosPerEvent: 2,
    requestsPerSecond: 2,
    bytesPerStream: 2,
    startToReadyMs: 2,
  };
  const figures = scenarios.flatMap(({ name, kind, contestants }) =>
    contestants.map((contestant): Figure => {
      const times = contestant === "direct" ? 1 : 2;
      return {
        scenario: name,
        kind,
        contestant,
        rounds: [{ ...metrics, p50Micros: times, p99Micros: times }],
      };
    }),
  );
  const budget = parseBudget(readFileSync(new URL("budget.json", import.meta.url), "utf8"));
  expect(Object.keys(computeRatios(figures))).toEqual(
    expect.arrayContaining([...budget.keys(), ...targets.keys()]),
  );
});

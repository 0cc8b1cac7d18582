import { expect, test } from "vitest";
import type { Figure } from "./figures.ts";
import { computeRatios } from "./ratios.ts";

function figure(contestant: Figure["contestant"], cpuMicros: readonly (number | undefined)[]): Figure {
  const rounds = cpuMicros.map((value) => (value === undefined ? undefined : { cpuMicrosPerRequest: value }));
  return { scenario: "json-1k", kind: "json", contestant, rounds };
}

test("divides inside each round, so that a machine which slows down does not change the ratio", () => {
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
  expect(ratio).toEqual({ value: 2, rounds: [1, 3] });
});

test("tells no ratio of what was not measured", () => {
  expect(computeRatios([figure("llm-platform", [20])])).toEqual({});
});

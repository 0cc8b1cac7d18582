import { expect, test } from "vitest";
import { parseBudget } from "./budget.ts";
import { formatResults } from "./report.ts";
import type { Results } from "./results.ts";

const nothing: Results = {
  conditions: { node: "24" },
  missing: {},
  problems: [],
  ratios: {},
  figures: [],
};
const noBudget = parseBudget("{}");

test("names every contestant that is missing, with its reason", () => {
  const text = formatResults({ ...nothing, missing: { litellm: "python3 cannot be run" } }, noBudget);
  expect(text).toContain("## Missing contestants\n\n- litellm: python3 cannot be run\n");
});

test("says nothing of missing contestants where all are there", () => {
  expect(formatResults(nothing, noBudget)).not.toContain("Missing");
});

test("tells a ratio that was not measured from one that was, under a budget and under a target", () => {
  const budget = parseBudget('{"portkey_vs_ours_cpu_1kb": {"at_least": 12}}');
  const ratios = { start_to_ready_ms: { value: 950, rounds: [900, 950, 1_200] } };
  const lines = formatResults({ ...nothing, ratios }, budget).split("\n");
  expect(lines).toContain("| start_to_ready_ms | 950 | 900 to 1,200 |  |  | at most 700 | **no** |");
  expect(lines).toContain("| portkey_vs_ours_cpu_1kb | not measured |  | at least 12 |  | at least 24 |  |");
  expect(lines).toContain("| added_p99_micros_at_2000 | not measured |  |  |  | at most 300 |  |");
});

test("shows each start with the server's own part of it", () => {
  const rounds = [
    { startToReadyMs: 900, beforePlatformMs: 680, platformTookMs: 220 },
    { startToReadyMs: 950, beforePlatformMs: 700, platformTookMs: 250 },
  ];
  const text = formatResults(
    { ...nothing, figures: [{ scenario: "start", kind: "start", contestant: "llm-platform", rounds }] },
    noBudget,
  );
  expect(text).toContain("| 1 | 900 | 680 | 220 |\n| 2 | 950 | 700 | 250 |");
});

test("shows what a gateway adds, also of a peer that was not asked in every round", () => {
  const of = (p50Micros: number) => ({ p50Micros, p99Micros: 10 * p50Micros, cpuShare: 0.5 });
  const rate = { scenario: "latency-300", kind: "rate" } as const;
  const text = formatResults(
    {
      ...nothing,
      figures: [
        { ...rate, contestant: "direct", rounds: [of(10), of(20)] },
        { ...rate, contestant: "go", rounds: [undefined, of(50)] },
      ],
    },
    noBudget,
  );
  expect(text).toContain("| latency-300 | direct | 12.5 | 125 | 0.5 | – | – |");
  expect(text).toContain("| latency-300 | go | 50 | 500 | 0.5 | 37.5 | 375 |");
});

test("shows what was asked by itself, with its own conditions", () => {
  const further = {
    title: "Questions of a usage page",
    note: "Wanted: at most 300 ms.",
    conditions: { date: "2026-11-26", node: "24" },
    columns: ["question", "median, ms"],
    rows: [["by day", "47"]],
  };
  expect(formatResults(nothing, noBudget, [further])).toContain(
    "## Questions of a usage page\n\nWanted: at most 300 ms.\n\n| question | median, ms |\n| --- | --- |\n| by day | 47 |\n\nMeasured under date: 2026-11-26; node: 24.\n",
  );
});

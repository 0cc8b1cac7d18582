import { describe, expect, it } from "vitest";
import { builtServer } from "../e2e/start-platform.ts";
import { runKills } from "./kill-run.ts";

// The long form is `node test/crash/kill-server.ts --kills 1000`, with and without `--workers 2`.
describe("a server that is killed again and again under load", () => {
  it("has exactly one row for every reply that ended, marks what it left open, and counts for a budget what the rows cost", async () => {
    const report = await runKills({ kills: 15, seed: 2, callers: 30, entry: builtServer });
    expect(report.violations).toEqual([]);
    expect(report.exitCode).toBe(0);
    // Without these the run would have shown nothing.
    expect(report.endedMatched).toBeGreaterThan(15);
    expect(report.begunMatched).toBeGreaterThan(15);
    expect(report.interrupted).toBeGreaterThan(15);
    expect(report.costMicros).toBeGreaterThan(0);
  }, 120_000);

  it("has them too when workers serve the calls, and are killed as well", async () => {
    const report = await runKills({ kills: 10, seed: 3, callers: 30, workers: 2, entry: builtServer });
    expect(report.violations).toEqual([]);
    expect(report.exitCode).toBe(0);
    expect(report.workerKills).toBeGreaterThan(3);
    expect(report.endedMatched).toBeGreaterThan(10);
    expect(report.interrupted).toBeGreaterThan(10);
    expect(report.costMicros).toBeGreaterThan(0);
  }, 120_000);
});

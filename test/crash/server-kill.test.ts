import { describe, expect, it } from "vitest";
import { builtServer } from "../e2e/start-platform.ts";
import { runKills } from "./kill-run.ts";

// The long form is `node test/crash/kill-server.ts --kills 1000`.
describe("a server that is killed again and again under load", () => {
  it("has exactly one row for every reply that ended, and marks what it left open", async () => {
    const report = await runKills({ kills: 15, seed: 2, callers: 30, entry: builtServer });
    expect(report.violations).toEqual([]);
    expect(report.exitCode).toBe(0);
    // Without these the run would have shown nothing.
    expect(report.endedMatched).toBeGreaterThan(15);
    expect(report.begunMatched).toBeGreaterThan(15);
    expect(report.interrupted).toBeGreaterThan(15);
  }, 120_000);
});

import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runKills } from "./kill-run.ts";

const entry = fileURLToPath(new URL("../../packages/server/dist/main.js", import.meta.url));

// The long form is `node test/crash/kill-server.ts --kills 1000`.
describe("a server that is killed again and again under load", () => {
  it("has exactly one row for every reply that ended, and marks what it left open", async () => {
    const report = await runKills({ kills: 15, seed: 2, callers: 30, entry });
    expect(report.violations).toEqual([]);
    expect(report.exitCode).toBe(0);
    // Without these the run would have shown nothing.
    expect(report.endedMatched).toBeGreaterThan(15);
    expect(report.begunMatched).toBeGreaterThan(15);
    expect(report.interrupted).toBeGreaterThan(15);
  }, 120_000);
});

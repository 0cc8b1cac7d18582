import { expect, test } from "vitest";
import { runProfiles } from "./load-run.ts";
import { type ProfileName, profiles } from "./profiles.ts";

test("profiles keep their pace, and the trace that of the calls that it is of", () => {
  expect(profiles.load(10, 20)).toHaveLength(200);
  expect(profiles.stress(10, 20).length).toBeGreaterThan(300);
  const spike = profiles.spike(10, 20);
  expect(spike.filter((atMs) => atMs > 4_500 && atMs < 5_500).length).toBeGreaterThan(190);
  const trace = profiles.trace(10, 20);
  expect(trace).toHaveLength(200);
  expect(trace).toEqual(trace.toSorted((a, b) => a - b));
});

test("under every profile each call is answered whole and recorded once", { timeout: 120_000 }, async () => {
  const names: readonly ProfileName[] = ["load", "stress", "spike", "trace"];
  const reports = await runProfiles(names, { seconds: 2, perSecond: 20 });
  expect(reports.map(({ profile }) => profile)).toEqual(names);
  for (const report of reports)
    expect(report).toMatchObject({ failed: 0, cut: 0, unrecorded: 0, problems: [] });
});

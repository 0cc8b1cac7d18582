import { describe, expect, it } from "vitest";
import { runAbandoned } from "./abandon-run.ts";
import { liveBytes } from "./measured-server.ts";

// The long form is `node test/soak/abandon.ts`: a hundred thousand streams, and every last connection counted.
describe.runIf(process.platform === "linux")("streams that their clients abandon", () => {
  it("leave no call, no busy connection to the upstream, no memory and no descriptor behind", async () => {
    const { before, after, ...report } = await runAbandoned({
      streams: 2_000,
      warmUpStreams: 1_000,
      seed: 3,
      callers: 50,
      patienceMs: 0,
    });
    expect(report.busyUpstreamConnections).toBe(0);
    expect(report.callsInFlight).toBe(0);
    // 1 KiB of each stream that stayed would be as much.
    expect(liveBytes(after) - liveBytes(before)).toBeLessThan(2 * 1024 * 1024);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    // Without these the run would have shown nothing.
    expect(report.mostUpstreamConnections).toBeGreaterThan(10);
    for (const moment of ["within the request", "before the first byte", "in the middle"] as const)
      expect(report.leftAt[moment], moment).toBeGreaterThan(50);
  }, 120_000);
});

import { describe, expect, it } from "vitest";
import { runSoak } from "./soak-run.ts";
import { calls } from "./soak-calls.ts";

// The long form is `node test/soak/soak.ts`, a day of it.
describe.runIf(process.platform === "linux")("a soak of seconds", () => {
  it("makes calls of every kind, and measures the server at rest", async () => {
    const { samples, ends, exitCode, live } = await runSoak({
      hours: 7 / 3_600,
      warmUpHours: 0,
      perSecond: 150,
      sampleSeconds: 1,
      seed: 5,
    });
    expect(exitCode).toBe(0);
    for (const kind of Object.keys(calls))
      expect(
        Object.keys(ends).filter((end) => end.startsWith(`${kind}: `)),
        kind,
      ).not.toEqual([]);
    expect(ends["stream, kept connection: 200"]).toBeGreaterThan(50);
    for (const { heapBytes, rssBytes, descriptors } of samples) {
      expect(heapBytes).toBeGreaterThan(1_000_000);
      expect(rssBytes).toBeGreaterThan(heapBytes);
      expect(descriptors).toBeGreaterThan(10);
    }
    expect(live.perHour).not.toBeNaN();
  }, 60_000);
});

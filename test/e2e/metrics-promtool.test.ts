import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { findService } from "../../tools/services.ts";
import { startPlatform } from "./start-platform.ts";

const promtool = findService("promtool");
/** promtool's exit code for a text that it can read but finds fault with in style. */
const lintOnly = 3;

test.skipIf(promtool === undefined)("promtool reads the text of /metrics", async () => {
  const platform = await startPlatform({});
  try {
    const response = await fetch(`${platform.url}/metrics`);
    const input = await response.text();
    const { status, stderr } = spawnSync(promtool ?? "", ["check", "metrics"], { input, encoding: "utf8" });
    expect([0, lintOnly], stderr).toContain(status);
    // What it finds fault with is known: names that are mandated, and those of Node's own metrics.
    const faults = stderr.split("\n").filter((line) => line.startsWith("llm_"));
    expect(faults).toEqual([]);
  } finally {
    await platform.stop();
  }
});

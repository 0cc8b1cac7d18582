import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPlatformMetrics } from "../platform-metrics.ts";
import { createMetricRegistry } from "../registry.ts";
import { startResourceWatch } from "./resource-watch.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-platform-gpu-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** What is exposed after the first reading. */
async function readOnce(): Promise<string> {
  const registry = createMetricRegistry();
  const metrics = createPlatformMetrics(registry);
  const watch = startResourceWatch({ metrics, dataDirectory: folder, node: "n1" });
  await vi.waitFor(() => expect(registry.expose()).toMatch(/^llm_data_disk_free_bytes \d+$/m));
  await vi.waitFor(() => expect(registry.expose()).toContain("# TYPE llm_gpu_power_watts"));
  await watch.stop();
  return registry.expose();
}

test("a machine without a driver has no series of GPUs, and its disk is told", async () => {
  vi.stubEnv("PATH", folder);
  const text = await readOnce();
  expect(text).not.toMatch(/^llm_gpu/m);
  expect(Number(/^llm_data_disk_size_bytes (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
});

test("a driver's program is asked for its GPUs", async () => {
  const program = join(folder, "nvidia-smi");
  await writeFile(program, "#!/bin/sh\necho '0, GPU-3a1, NVIDIA H100, 81559, 1024, 37, 31, 69.52'\n");
  await chmod(program, 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"]}`);
  const registry = createMetricRegistry();
  const watch = startResourceWatch({
    metrics: createPlatformMetrics(registry),
    dataDirectory: folder,
    node: "n1",
  });
  await vi.waitFor(() =>
    expect(registry.expose()).toContain('llm_gpu_memory_usage_bytes{gpu="0",node="n1"} 1073741824'),
  );
  expect(registry.expose()).toContain('llm_gpu_utilization_ratio{gpu="0",node="n1"} 0.37');
  await watch.stop();
});

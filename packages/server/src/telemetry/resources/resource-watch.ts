import { statfs } from "node:fs/promises";
import type { PlatformMetrics } from "../platform-metrics.ts";
import { GpuReader } from "./gpu-reader.ts";

export interface ResourceWatchParts {
  readonly metrics: PlatformMetrics;
  readonly dataDirectory: string;
  /** Name of this machine: the label `node` of its GPUs. */
  readonly node: string;
}

/** Keeps the gauges of disk and GPUs current. */
export interface ResourceWatch {
  stop(): Promise<void>;
}

/** As often as Prometheus usually asks. Nothing is read while it asks. */
const readEveryMs = 15_000;

/** Reads at once, and then every 15 seconds. */
export function startResourceWatch({ metrics, dataDirectory, node }: ResourceWatchParts): ResourceWatch {
  const stopping = new AbortController();
  const gpus = new GpuReader();
  let reading = read();
  const timer = setInterval(() => {
    reading = reading.then(read);
  }, readEveryMs);
  timer.unref();

  async function read(): Promise<void> {
    await Promise.all([readDisk(), readGpus()]);
  }

  async function readDisk(): Promise<void> {
    try {
      const { blocks, bavail, bsize } = await statfs(dataDirectory);
      metrics.diskSize.series().set(blocks * bsize);
      metrics.diskFree.series().set(bavail * bsize);
    } catch {
      // A disk that cannot be asked is absent, not empty.
      metrics.diskSize.clear();
      metrics.diskFree.clear();
    }
  }

  async function readGpus(): Promise<void> {
    if (!gpus.isOfUse) return;
    const found = await gpus.read(stopping.signal);
    const columns = [
      { metric: metrics.gpuMemory, figure: "memoryUsedBytes" },
      { metric: metrics.gpuMemoryTotal, figure: "memoryTotalBytes" },
      { metric: metrics.gpuUtilization, figure: "utilization" },
      { metric: metrics.gpuTemperature, figure: "temperatureCelsius" },
      { metric: metrics.gpuPower, figure: "powerWatts" },
    ] as const;
    for (const { metric, figure } of columns) {
      metric.clear();
      for (const gpu of found) {
        const value = gpu[figure];
        if (value !== undefined) metric.series(gpu.index, node).set(value);
      }
    }
  }

  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await reading;
    },
  };
}

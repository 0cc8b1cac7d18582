import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { PlatformMetrics } from "./platform-metrics.ts";
import type { MetricRegistry } from "./registry.ts";

/** Node's and the process's own metrics, in the Prometheus text format. */
export interface ProcessMetrics {
  expose(): Promise<string>;
}

/** Starts measuring the event loop and the heap, and keeps the CPU gauges current. */
export function createProcessMetrics(registry: MetricRegistry, metrics: PlatformMetrics): ProcessMetrics {
  const defaults = new Registry();
  collectDefaultMetrics({ register: defaults });
  const cores = availableCores();
  let lastCpu = process.cpuUsage();
  let lastAtMs = performance.now();
  registry.onCollect(() => {
    const nowMs = performance.now();
    if (nowMs - lastAtMs < 250) return;
    const used = process.cpuUsage(lastCpu);
    const ratio = Math.min(1, (used.user + used.system) / 1_000 / (nowMs - lastAtMs) / cores);
    lastCpu = process.cpuUsage();
    lastAtMs = nowMs;
    metrics.cpuRatio.series().set(ratio);
    metrics.cpuPercent.series().set(ratio * 100);
  });
  return { expose: () => defaults.metrics() };
}

/** Cores that this process may use: the machine's, or fewer when a cgroup limits it. */
export function availableCores(): number {
  const cores = availableParallelism();
  try {
    const [quota = "max", period = "100000"] = readFileSync("/sys/fs/cgroup/cpu.max", "utf8")
      .trim()
      .split(" ");
    if (quota === "max") return cores;
    return Math.max(0.1, Math.min(cores, Number(quota) / Number(period)));
  } catch {
    // Not Linux, or no version 2 cgroup: the machine's cores are all there is to know.
    return cores;
  }
}

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { AggregatorRegistry, collectDefaultMetrics, Registry } from "prom-client";
import type { ExpositionFormat } from "./exposition.ts";
import type { PlatformMetrics } from "./platform-metrics.ts";
import type { MetricRegistry } from "./registry.ts";

/** Node's own figures of one process, as plain data. */
export type ProcessFigures = Awaited<ReturnType<Registry["getMetricsAsJSON"]>>;

/** Node's and the process's own metrics. */
export interface ProcessMetrics {
  /**
   * As text, with those of other processes added: sums, or averages where a sum says nothing. In OpenMetrics it ends the
   * exposition.
   */
  expose(others: readonly ProcessFigures[], format: ExpositionFormat): Promise<string>;
  /** For another process. */
  figures(): Promise<ProcessFigures>;
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
  return {
    figures: () => defaults.getMetricsAsJSON(),
    async expose(others, format) {
      const own = await defaults.getMetricsAsJSON();
      const merged = AggregatorRegistry.aggregate([own.map(keepOwn), ...others]);
      if (format === "openmetrics") merged.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
      return merged.metrics();
    },
  };
}

/** Of what cannot be added up, such as the time of the start, the figure of this process stands. */
function keepOwn(figure: ProcessFigures[number]): ProcessFigures[number] {
  return figure.aggregator === "omit" ? { ...figure, aggregator: "first" } : figure;
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

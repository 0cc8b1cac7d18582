import type { MetricDefinition } from "./metric-definition.ts";

const byGpu = ["gpu", "node"] as const;

/** Metrics of the machine and of the processes that the platform runs on; a part of `metricNames`. */
export const resourceNames = {
  gpuMemory: {
    name: "llm_gpu_memory_usage_bytes",
    help: "GPU memory in use. Absent on a machine without a GPU.",
    type: "gauge",
    labels: byGpu,
  },
  cpuPercent: {
    name: "llm_cpu_usage_percent",
    help: "CPU used by the platform's processes together, 0 to 100 of all cores that it may use.",
    type: "gauge",
    labels: [],
  },
  cpuRatio: {
    name: "llm_cpu_usage_ratio",
    help: "The same as llm_cpu_usage_percent, as a ratio from 0 to 1.",
    type: "gauge",
    labels: [],
  },
  memoryRatio: {
    name: "llm_memory_usage_ratio",
    help: "Memory in use, of what may be used. Absent where nothing bounds it.",
    type: "gauge",
    merge: "max",
    labels: [],
  },
  loopDelay: {
    name: "llm_event_loop_delay_seconds",
    help: "How late the event loop was when it was last looked at, four times a second.",
    type: "gauge",
    merge: "max",
    labels: [],
  },
  gpuMemoryTotal: {
    name: "llm_gpu_memory_total_bytes",
    help: "Memory that a GPU has. Absent on a machine without a GPU.",
    type: "gauge",
    labels: byGpu,
  },
  gpuUtilization: {
    name: "llm_gpu_utilization_ratio",
    help: "Part of the time that a GPU was at work, as its driver says. Absent on a machine without a GPU.",
    type: "gauge",
    labels: byGpu,
  },
  gpuTemperature: {
    name: "llm_gpu_temperature_celsius",
    help: "Temperature of a GPU. Absent where the driver does not tell it.",
    type: "gauge",
    labels: byGpu,
  },
  gpuPower: {
    name: "llm_gpu_power_watts",
    help: "Power that a GPU draws. Absent where the driver does not tell it.",
    type: "gauge",
    labels: byGpu,
  },
  diskSize: {
    name: "llm_data_disk_size_bytes",
    help: "Size of the file system that holds the data folder.",
    type: "gauge",
    labels: [],
  },
  diskFree: {
    name: "llm_data_disk_free_bytes",
    help: "What the platform may still write to the file system that holds the data folder.",
    type: "gauge",
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

import { metricNames } from "../names.ts";
import type { Dashboard, ValueWords } from "./dashboard.ts";
import { half, highest, rate, total } from "./panels.ts";

const gpu = ["node", "gpu"];
const gpuLegend = "{{node}} {{gpu}}";
/** Colours of the states of an integration. */
const stateWords: ValueWords = {
  running: { text: "running", color: "green" },
  starting: { text: "starting", color: "blue" },
  stopping: { text: "stopping", color: "blue" },
  disabled: { text: "disabled", color: "text" },
  stopped: { text: "stopped", color: "yellow" },
  degraded: { text: "degraded", color: "yellow" },
  retrying: { text: "retrying", color: "orange" },
  auth_required: { text: "auth required", color: "orange" },
  error: { text: "error", color: "red" },
};
const noGpu = "No GPU whose driver tells it";

/** What the platform runs on. */
export const resourcesDashboard: Dashboard = {
  uid: "llm-platform-resources",
  title: "Resource Monitoring",
  about: "CPU, memory, disk, GPUs and the platform's own parts.",
  rows: [
    {
      title: "Machine",
      panels: [
        half({
          title: "CPU",
          about: "Of all cores that the platform may use.",
          kind: "lines",
          unit: "percentunit",
          isShare: true,
          queries: highest(metricNames.cpuRatio, ["instance"]),
          legend: "{{instance}}",
          thresholds: { warning: 0.7, critical: 0.9 },
        }),
        half({
          title: "Memory of what may be used",
          about: "Absent where nothing bounds it.",
          kind: "lines",
          unit: "percentunit",
          isShare: true,
          queries: highest(metricNames.memoryRatio, ["instance"]),
          legend: "{{instance}}",
          thresholds: { warning: 0.85, critical: 0.92 },
          whenEmpty: "Nothing bounds the memory",
        }),
        half({
          title: "Memory of the processes",
          about: "Resident, and of it the heap of JavaScript.",
          kind: "lines",
          unit: "bytes",
          queries: [
            {
              expression: "sum by (instance) (process_resident_memory_bytes)",
              legend: "{{instance}} resident",
            },
            { expression: "sum by (instance) (nodejs_heap_size_used_bytes)", legend: "{{instance}} heap" },
          ],
        }),
        half({
          title: "Disk of the data folder",
          about: "Part that is free.",
          kind: "lines",
          unit: "percentunit",
          isShare: true,
          queries: `${metricNames.diskFree.name} / ${metricNames.diskSize.name}`,
          legend: "{{instance}}",
          thresholds: { warning: 0.2, critical: 0.1 },
        }),
        half({
          title: "Event loop",
          about: "How late it is: every call waits for that long.",
          kind: "lines",
          unit: "s",
          queries: highest(metricNames.loopDelay, ["instance"]),
          legend: "{{instance}}",
          thresholds: { warning: 0.1, critical: 0.5 },
        }),
        half({
          title: "Connections",
          about: "Open connections of clients.",
          kind: "lines",
          unit: "short",
          queries: total(metricNames.connections, ["instance"]),
          legend: "{{instance}}",
        }),
      ],
    },
    {
      title: "GPUs",
      panels: [
        half({
          title: "GPU memory",
          about: "Part that is in use.",
          kind: "lines",
          unit: "percentunit",
          isShare: true,
          queries: `${highest(metricNames.gpuMemory, gpu)} / ${highest(metricNames.gpuMemoryTotal, gpu)}`,
          legend: gpuLegend,
          whenEmpty: noGpu,
          thresholds: { warning: 0.9, critical: 0.95 },
        }),
        half({
          title: "GPU load",
          about: "Part of the time that it is at work.",
          kind: "lines",
          unit: "percentunit",
          isShare: true,
          queries: highest(metricNames.gpuUtilization, gpu),
          legend: gpuLegend,
          whenEmpty: noGpu,
        }),
        half({
          title: "GPU temperature",
          about: "As the driver tells it.",
          kind: "lines",
          unit: "celsius",
          queries: highest(metricNames.gpuTemperature, gpu),
          legend: gpuLegend,
          whenEmpty: noGpu,
          thresholds: { warning: 80, critical: 90 },
        }),
        half({
          title: "GPU power",
          about: "As the driver tells it.",
          kind: "stack",
          unit: "watt",
          queries: highest(metricNames.gpuPower, gpu),
          legend: gpuLegend,
          whenEmpty: noGpu,
        }),
      ],
    },
    {
      title: "Parts of the platform",
      panels: [
        half({
          title: "Integrations",
          about: "The state that each is in; several where replicas differ.",
          kind: "table",
          unit: "none",
          queries: `max by (integration, state) (${metricNames.pluginState.name} == 1)`,
          columns: { integration: "Integration", state: "State" },
          words: stateWords,
        }),
        half({
          title: "Restarts",
          about: "Restarts of integrations.",
          kind: "events",
          unit: "short",
          queries: `sum by (integration) (increase(${metricNames.pluginRestarts.name}[$__rate_interval])) > 0`,
          legend: "{{integration}}",
          whenEmpty: "No integration was restarted",
        }),
        half({
          title: "Usage records that wait",
          about: "Records that are on the disk and not yet in the ledger.",
          kind: "lines",
          unit: "short",
          queries: total(metricNames.spoolRecords, ["instance"]),
          legend: "{{instance}}",
        }),
        half({
          title: "Failed writes of the audit log",
          about: "By sink.",
          kind: "lines",
          unit: "short",
          queries: rate(metricNames.auditFailures, ["sink"]),
          legend: "{{sink}}",
        }),
      ],
    },
  ],
};

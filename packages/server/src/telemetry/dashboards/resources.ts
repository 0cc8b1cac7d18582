import { metricNames } from "../names.ts";
import type { Dashboard } from "./dashboard.ts";
import { half, highest, rate, total } from "./panels.ts";

const gpu = ["node", "gpu"];
const gpuLegend = "{{node}} {{gpu}}";

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
          queries: highest(metricNames.cpuRatio, ["instance"]),
          legend: "{{instance}}",
          thresholds: { warning: 0.7, critical: 0.9 },
        }),
        half({
          title: "Memory of what may be used",
          about: "Absent where nothing bounds it.",
          kind: "lines",
          unit: "percentunit",
          queries: highest(metricNames.memoryRatio, ["instance"]),
          legend: "{{instance}}",
          thresholds: { warning: 0.85, critical: 0.92 },
          needs: "memory bound",
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
          queries: `${metricNames.diskFree.name} / ${metricNames.diskSize.name}`,
          legend: "{{instance}}",
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
          queries: `${highest(metricNames.gpuMemory, gpu)} / ${highest(metricNames.gpuMemoryTotal, gpu)}`,
          legend: gpuLegend,
          thresholds: { warning: 0.9, critical: 0.95 },
        }),
        half({
          title: "GPU load",
          about: "Part of the time that it is at work.",
          kind: "lines",
          unit: "percentunit",
          queries: highest(metricNames.gpuUtilization, gpu),
          legend: gpuLegend,
        }),
        half({
          title: "GPU temperature",
          about: "As the driver tells it.",
          kind: "lines",
          unit: "celsius",
          queries: highest(metricNames.gpuTemperature, gpu),
          legend: gpuLegend,
          thresholds: { warning: 80, critical: 90 },
        }),
        half({
          title: "GPU power",
          about: "As the driver tells it.",
          kind: "stack",
          unit: "watt",
          queries: highest(metricNames.gpuPower, gpu),
          legend: gpuLegend,
        }),
      ],
    },
    {
      title: "Parts of the platform",
      panels: [
        half({
          title: "Integrations",
          about: "1 while it is running.",
          kind: "table",
          unit: "none",
          queries: highest(metricNames.pluginUp, ["integration", "type"]),
        }),
        half({
          title: "Restarts",
          about: "Restarts of integrations.",
          kind: "stack",
          unit: "short",
          queries: `sum by (integration) (increase(${metricNames.pluginRestarts.name}[$__rate_interval]))`,
          legend: "{{integration}}",
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

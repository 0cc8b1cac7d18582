import { metricNames } from "../names.ts";
import type { AlertRule, Severity } from "./rule.ts";

const daySeconds = 86_400;

/** Alerts on the machine: memory of GPUs, disk, event loop, certificates. */
export const resourceAlerts: readonly AlertRule[] = [
  gpuMemory("GpuMemoryHigh", 0.9, "warning"),
  gpuMemory("GpuMemoryCritical", 0.95, "critical"),
  {
    name: "DiskSpaceLow",
    condition: {
      type: "share",
      part: { metric: metricNames.diskFree },
      whole: { metric: metricNames.diskSize },
      by: ["instance"],
      is: { type: "below", than: 0.1 },
    },
    forSeconds: 300,
    severity: "critical",
    valueForm: "ratio",
    summary: "The data folder's disk is nearly full",
    description: "{value} of the disk that holds the data folder is free.",
  },
  {
    name: "DiskWillFill",
    condition: {
      type: "promql",
      expression: ({ duration }) =>
        `predict_linear(${metricNames.diskFree.name}[${duration(21_600)}], ${daySeconds}) < 0 and ${metricNames.diskFree.name} / ${metricNames.diskSize.name} < 0.5`,
    },
    forSeconds: 1_800,
    severity: "warning",
    summary: "The data folder's disk will be full within a day",
    description:
      "At the pace of the last six hours the disk that holds the data folder is full within a day.",
  },
  {
    name: "EventLoopLag",
    condition: {
      type: "value",
      of: { metric: metricNames.loopDelay },
      by: ["instance"],
      is: { type: "above", than: 0.5 },
    },
    forSeconds: 60,
    severity: "warning",
    valueForm: "seconds",
    summary: "The server answers late",
    description: "The event loop is {value} late: every call waits for that long.",
  },
  certificate(30, "info"),
  certificate(7, "warning"),
  certificate(1, "critical"),
];

function gpuMemory(name: string, than: number, severity: Severity): AlertRule {
  return {
    name,
    condition: {
      type: "share",
      part: { metric: metricNames.gpuMemory },
      whole: { metric: metricNames.gpuMemoryTotal },
      by: ["gpu", "node"],
      is: { type: "above", than },
    },
    forSeconds: 300,
    severity,
    valueForm: "ratio",
    summary: "The memory of GPU {gpu} is nearly full",
    description: "{value} of the memory of GPU {gpu} on {node} is in use. The next model may not fit.",
  };
}

function certificate(days: number, severity: Severity): AlertRule {
  return {
    name: "CertificateExpiring",
    condition: {
      type: "time_left",
      of: { metric: metricNames.tlsCertificateExpiry },
      by: ["instance"],
      is: { type: "below", than: days * daySeconds },
    },
    forSeconds: 0,
    severity,
    valueForm: "seconds",
    summary: "The server's certificate ends soon",
    description: "The certificate on the platform's port ends in {value}; clients refuse it then.",
  };
}

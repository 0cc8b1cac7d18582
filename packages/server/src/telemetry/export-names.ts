/** Metrics of what is sent to a collector. */
export const exportNames = {
  telemetryExported: {
    name: "llm_telemetry_exported_total",
    help: "Spans, metrics and lines of the log that a collector took.",
    type: "counter",
    labels: ["signal"],
  },
  telemetryDropped: {
    name: "llm_telemetry_dropped_total",
    help: "Spans, metrics and lines of the log that were not sent, because too much waited or the collector refused them.",
    type: "counter",
    labels: ["signal"],
  },
  telemetryRejected: {
    name: "llm_telemetry_rejected_total",
    help: "Spans, metrics and lines of the log that a collector did not keep of a request that it took.",
    type: "counter",
    labels: ["signal"],
  },
  telemetryFailures: {
    name: "llm_telemetry_export_failures_total",
    help: "Requests to a collector that failed.",
    type: "counter",
    labels: ["signal"],
  },
} as const;

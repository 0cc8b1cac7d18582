import { metricNames } from "./names.ts";
import type { HistogramSeries, Metric, NumberSeries } from "./metric-family.ts";
import type { MetricRegistry } from "./registry.ts";

type Names = typeof metricNames;

/** The platform's own metrics, one field each. */
export type PlatformMetrics = {
  readonly [Key in keyof Names]: Names[Key]["type"] extends "histogram"
    ? Metric<HistogramSeries>
    : Metric<NumberSeries>;
};

/** Defines every metric of `names.ts` in a registry. Called once per registry. */
export function createPlatformMetrics(registry: MetricRegistry): PlatformMetrics {
  const counter = (key: keyof Names) => registry.counter(metricNames[key]);
  const gauge = (key: keyof Names) => registry.gauge(metricNames[key]);
  const histogram = (key: keyof Names) => registry.histogram(metricNames[key]);
  return {
    requests: counter("requests"),
    requestDuration: histogram("requestDuration"),
    modelLoads: counter("modelLoads"),
    activeModels: gauge("activeModels"),
    gpuMemory: gauge("gpuMemory"),
    cpuPercent: gauge("cpuPercent"),
    cpuRatio: gauge("cpuRatio"),
    errors: counter("errors"),
    cost: counter("cost"),
    costUnknown: counter("costUnknown"),
    firstToken: histogram("firstToken"),
    perOutputToken: histogram("perOutputToken"),
    tokens: counter("tokens"),
    overhead: histogram("overhead"),
    inFlight: gauge("inFlight"),
    providerUp: gauge("providerUp"),
    circuitState: gauge("circuitState"),
    retries: counter("retries"),
    terminations: counter("terminations"),
    rateLimited: counter("rateLimited"),
    budgetLimit: gauge("budgetLimit"),
    budgetSpent: gauge("budgetSpent"),
    budgetReserved: gauge("budgetReserved"),
    budgetNotices: counter("budgetNotices"),
    budgetRefused: counter("budgetRefused"),
    budgetDecisions: counter("budgetDecisions"),
    queueDepth: gauge("queueDepth"),
    queueWait: histogram("queueWait"),
    overloadState: gauge("overloadState"),
    overloadShed: gauge("overloadShed"),
    overloadRefused: counter("overloadRefused"),
    memoryRatio: gauge("memoryRatio"),
    loopDelay: gauge("loopDelay"),
    limitDecisions: counter("limitDecisions"),
    redisUp: gauge("redisUp"),
    redisFailures: counter("redisFailures"),
    redisExchange: histogram("redisExchange"),
    replicas: gauge("replicas"),
    leader: gauge("leader"),
    promptsTruncated: counter("promptsTruncated"),
    requestLogLost: counter("requestLogLost"),
    pluginUp: gauge("pluginUp"),
    pluginState: gauge("pluginState"),
    pluginRestarts: counter("pluginRestarts"),
    spoolRecords: gauge("spoolRecords"),
    spoolOldest: gauge("spoolOldest"),
    spoolFailures: counter("spoolFailures"),
    contentCaptured: counter("contentCaptured"),
    pulls: counter("pulls"),
    pulledBytes: counter("pulledBytes"),
    pullsActive: gauge("pullsActive"),
    auditFailures: counter("auditFailures"),
    connections: gauge("connections"),
    httpRequests: counter("httpRequests"),
    grpcConnections: gauge("grpcConnections"),
    grpcHandled: counter("grpcHandled"),
    workers: gauge("workers"),
    workerRestarts: counter("workerRestarts"),
    tlsCertificateExpiry: gauge("tlsCertificateExpiry"),
    tlsCertificateReloads: counter("tlsCertificateReloads"),
    tlsHandshakes: counter("tlsHandshakes"),
    upstreamTlsHandshakes: counter("upstreamTlsHandshakes"),
    gpuMemoryTotal: gauge("gpuMemoryTotal"),
    gpuUtilization: gauge("gpuUtilization"),
    gpuTemperature: gauge("gpuTemperature"),
    gpuPower: gauge("gpuPower"),
    diskSize: gauge("diskSize"),
    diskFree: gauge("diskFree"),
    ...createAlertMetrics(registry),
    ...createExportMetrics(registry),
    ...createWebSocketMetrics(registry),
    configReload: gauge("configReload"),
    buildInfo: gauge("buildInfo"),
  };
}

function createWebSocketMetrics(registry: MetricRegistry) {
  return {
    websocketConnections: registry.gauge(metricNames.websocketConnections),
    websocketMessages: registry.counter(metricNames.websocketMessages),
    websocketCloses: registry.counter(metricNames.websocketCloses),
  };
}

function createExportMetrics(registry: MetricRegistry) {
  return {
    telemetryExported: registry.counter(metricNames.telemetryExported),
    telemetryDropped: registry.counter(metricNames.telemetryDropped),
    telemetryRejected: registry.counter(metricNames.telemetryRejected),
    telemetryFailures: registry.counter(metricNames.telemetryFailures),
  };
}

function createAlertMetrics(registry: MetricRegistry) {
  return {
    alertsFiring: registry.gauge(metricNames.alertsFiring),
    alertDeliveries: registry.counter(metricNames.alertDeliveries),
    alertDeliveryFailures: registry.counter(metricNames.alertDeliveryFailures),
  };
}

import { parseHostPort } from "./config/host-port.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { AlertPort } from "./control/alerting/alert-parts.ts";
import { alertOperations } from "./control/alerting/alerts.ts";
import { type LogControl, logLevelOperations } from "./control/log-levels.ts";
import { monitoringOperations, type MonitoringOperationParts } from "./control/monitoring.ts";
import type { Operation } from "./control/operation.ts";
import type { Manager } from "./manager/manager.ts";
import { toTlsFiles } from "./settings-of.ts";

export interface ObservingParts {
  readonly config: PlatformConfig;
  readonly alerts: AlertPort;
  readonly logControl: LogControl;
  readonly manager: Manager;
}

/** Operations on what watches the platform: Prometheus, Grafana, whoever is told of alerts, and the log. */
export function observingOperations({
  config,
  alerts,
  logControl,
  manager,
}: ObservingParts): readonly Operation[] {
  return [
    ...monitoringOperations({
      manager,
      rules: () => ({ job: config.prometheus.job, runbooksUrl: config.prometheus.runbooks_url }),
      scrapeTarget: () => toScrapeTarget(config),
    }),
    ...alertOperations({ alerts, manager, job: () => config.prometheus.job, nowMs: Date.now }),
    ...logLevelOperations(logControl),
  ];
}

/** A port of its own speaks plain HTTP; the platform's is reached as its clients reach it. */
function toScrapeTarget(config: PlatformConfig): ReturnType<MonitoringOperationParts["scrapeTarget"]> {
  const { prometheus, server } = config;
  if (parseHostPort(prometheus.listen ?? "") !== undefined)
    return { address: prometheus.listen ?? "", scheme: "http" };
  const url = server.public_url === undefined ? undefined : new URL(server.public_url);
  if (url !== undefined) {
    const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
    return { address: `${url.hostname}:${port}`, scheme: url.protocol === "https:" ? "https" : "http" };
  }
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  return {
    address: `${host}:${server.port}`,
    scheme: toTlsFiles(config) === undefined ? "http" : "https",
  };
}

import { hostname } from "node:os";
import type { PlatformConfig } from "./config/schema.ts";
import { type AlertDispatcher, createAlertDispatcher } from "./control/alert-dispatcher.ts";
import type { AlertPort } from "./control/alerts.ts";
import type { Manager } from "./manager/manager.ts";
import { AlertWatch } from "./telemetry/alerting/alert-watch.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";
import { startResourceWatch } from "./telemetry/resources/resource-watch.ts";

export interface WatchInput {
  readonly config: PlatformConfig;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly log: PlatformLog;
  manager(): Manager;
}

/** What this server watches of itself: disk and GPUs from the first, alerts once it is told to. */
export interface Watch {
  readonly alerts: AlertPort;
  /** Begins to look for alerts, once there is a manager. */
  start(): void;
  stop(): Promise<void>;
}

/** Alertmanager forgets after five minutes what it is not told again. */
const repeatMs = 60_000;

export function openWatch({ config, registry, metrics, log, manager }: WatchInput): Watch {
  const resources = startResourceWatch({ metrics, dataDirectory: config.data_dir, node: hostname() });
  const runbooksUrl = config.prometheus.runbooks_url;
  const watch = new AlertWatch({ registry, metrics, runbooksUrl });
  const dispatcher: AlertDispatcher = createAlertDispatcher({ manager, metrics, log });
  const timers: NodeJS.Timeout[] = [];

  function look(): void {
    const changes = watch.look(Date.now());
    for (const { name, severity, status, labels, summary } of changes) {
      log.warn("alert.changed", { alert: name, severity, status, labels, summary });
      manager().publish({
        integration: labels["integration"] ?? "",
        type: `alert.${status}`,
        data: { alert: name, severity, labels, summary },
      });
    }
    dispatcher.send(changes);
  }

  return {
    alerts: {
      runbooksUrl,
      get firing() {
        return watch.firing;
      },
      deliver: (notice, signal) => dispatcher.deliver(notice, signal),
    },
    start() {
      if (!config.alerts.enabled) return;
      look();
      timers.push(
        setInterval(look, config.alerts.every_seconds * 1_000).unref(),
        setInterval(() => dispatcher.repeat(watch.firing), repeatMs).unref(),
      );
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      dispatcher.stop();
      await resources.stop();
    },
  };
}

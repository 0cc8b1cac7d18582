import { hostname } from "node:os";
import type { AlertNotice } from "@llm-platform/kit";
import { z } from "zod";
import type { PlatformConfig } from "./config/schema.ts";
import { type AlertDispatcher, createAlertDispatcher } from "./control/alerting/alert-dispatcher.ts";
import type { AlertPort } from "./control/alerting/alert-parts.ts";
import type { Manager } from "./manager/manager.ts";
import type { Sharing } from "./sharing/sharing.ts";
import { AlertWatch } from "./telemetry/alerting/alert-watch.ts";
import { ReplicaAlerts } from "./telemetry/alerting/replica-alerts.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";
import { startResourceWatch } from "./telemetry/resources/resource-watch.ts";

export interface WatchInput {
  readonly config: PlatformConfig;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly log: PlatformLog;
  readonly sharing: Sharing;
  manager(): Manager;
}

/**
 * What this server watches of itself: disk and GPUs from the first, alerts once it is told to. Of replicas each finds
 * its own alerts and tells the others; receivers hear of them from the one that leads.
 */
export interface Watch {
  readonly alerts: AlertPort;
  /** Begins to look for alerts, once there is a manager. */
  start(): void;
  stop(): Promise<void>;
}

/** Alertmanager forgets after five minutes what it is not told again. */
const repeatMs = 60_000;
/** A replica that is not heard of for so many looks is gone. */
const missedLooks = 4;
/** What has room in a message. */
const mostTold = 60;

const alertMessage = z.object({
  firing: z.array(
    z.object({
      status: z.literal("firing"),
      name: z.string(),
      severity: z.string(),
      labels: z.record(z.string(), z.string()),
      summary: z.string(),
      description: z.string(),
      runbookUrl: z.string(),
      startedAtMs: z.number(),
    }),
  ),
});

export function openWatch({ config, registry, metrics, log, sharing, manager }: WatchInput): Watch {
  const resources = startResourceWatch({ metrics, dataDirectory: config.data_dir, node: hostname() });
  const runbooksUrl = config.prometheus.runbooks_url;
  const everyMs = config.alerts.every_seconds * 1_000;
  const watch = new AlertWatch({ registry, metrics, runbooksUrl });
  const overReplicas = new ReplicaAlerts(everyMs * missedLooks);
  const dispatcher: AlertDispatcher = createAlertDispatcher({ manager, metrics, log, nowMs: Date.now });
  const timers: NodeJS.Timeout[] = [];
  const isInCharge = () => sharing.leadership.isLeader || sharing.redis?.isUp === false;

  function publish({ name, severity, status, labels, summary }: AlertNotice): void {
    log.warn("alert.changed", { alert: name, severity, status, labels, summary });
    manager().publish({
      integration: labels["integration"] ?? "",
      type: `alert.${status}`,
      data: { alert: name, severity, labels, summary },
    });
  }

  function look(): void {
    const nowMs = Date.now();
    watch.look(nowMs);
    overReplicas.tell("", watch.firing, nowMs);
    const told = watch.firing
      .slice(0, mostTold)
      .map(({ labels, ...notice }) => ({ ...notice, labels: { ...labels } }));
    sharing.bus.publish("alerts", { firing: told });
    const changes = overReplicas.step(nowMs);
    // Who does not lead notes what has changed all the same: it may have to go on from there.
    if (!isInCharge()) return;
    for (const change of changes) publish(change);
    dispatcher.send(changes);
  }

  sharing.bus.subscribe("alerts", (message, replica) => {
    const { data } = alertMessage.safeParse(message);
    if (data !== undefined) overReplicas.tell(replica, data.firing, Date.now());
  });

  return {
    alerts: {
      runbooksUrl,
      get firing() {
        return overReplicas.firing;
      },
      get active() {
        return watch.active;
      },
      get records() {
        return dispatcher.records;
      },
      isOn: config.alerts.enabled,
      deliver: (notice, signal, only) => dispatcher.deliver(notice, signal, only),
    },
    start() {
      if (!config.alerts.enabled) return;
      look();
      timers.push(
        setInterval(look, everyMs).unref(),
        setInterval(() => {
          if (isInCharge()) dispatcher.repeat(overReplicas.firing);
        }, repeatMs).unref(),
      );
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      dispatcher.stop();
      await resources.stop();
    },
  };
}

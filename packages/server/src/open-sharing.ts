import { randomUUID } from "node:crypto";
import type { PlatformConfig } from "./config/schema.ts";
import { toRedisSettings } from "./settings-of.ts";
import { createLoneSharing, createRedisSharing, type Sharing } from "./sharing/sharing.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";
import { noteRedisCommand } from "./traced-work.ts";
import type { WorkSpans } from "./telemetry/tracing/work-spans.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";

/** Opens what replicas have in common: by Redis where it is configured. Waits for nothing. */
export function openSharing({
  config,
  registry,
  metrics,
  log,
  workSpans,
}: {
  readonly config: PlatformConfig;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly log: PlatformLog;
  readonly workSpans: WorkSpans;
}): Sharing {
  const settings = toRedisSettings(config);
  if (settings === undefined) return createLoneSharing();
  const decisions = {
    lease: metrics.limitDecisions.series("lease"),
    exchange: metrics.limitDecisions.series("exchange"),
    local: metrics.limitDecisions.series("local"),
  };
  const budgetDecisions = {
    lease: metrics.budgetDecisions.series("lease"),
    exchange: metrics.budgetDecisions.series("exchange"),
    local: metrics.budgetDecisions.series("local"),
  };
  const failures = {
    timeout: metrics.redisFailures.series("timeout"),
    error: metrics.redisFailures.series("error"),
  };
  const exchanges = metrics.redisExchange.series();
  const sharing = createRedisSharing({
    settings,
    replica: randomUUID(),
    log,
    random: Math.random,
    nowMs: () => performance.now(),
    onFailure: (reason) => failures[reason].add(),
    onCommand: (command) => noteRedisCommand(workSpans, command),
    onDecision: (by) => decisions[by].add(),
    onBudgetDecision: (by) => budgetDecisions[by].add(),
    onExchange: (seconds) => exchanges.observe(seconds),
  });
  registry.onCollect(() => {
    metrics.redisUp.series().set(sharing.redis?.isUp === true ? 1 : 0);
    metrics.replicas.series().set(sharing.redis?.replicas ?? 1);
    metrics.leader.series().set(sharing.leadership.isLeader ? 1 : 0);
  });
  return sharing;
}

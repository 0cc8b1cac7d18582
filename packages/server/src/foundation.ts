import { join } from "node:path";
import type { PlatformConfig } from "./config/schema.ts";
import { type Auditor, createAuditor } from "./control/auditor.ts";
import { warnOfKeyFile } from "./sealed-phase.ts";
import { toMasterKeys, toSpoolSettings, toSumsRetention } from "./settings-of.ts";
import { createAuditFile } from "./store/audit-file.ts";
import { type AuditLog, createAuditLog } from "./store/audit-log.ts";
import { auditSinkNames } from "./store/audit-sink.ts";
import { type Backups, createBackups } from "./store/backup/backups.ts";
import { type CallContent, captureResults } from "./store/content/call-content.ts";
import { createSpool } from "./store/spool.ts";
import { recoverLeftovers } from "./store/spool-leftovers.ts";
import type { Spool } from "./store/spool-port.ts";
import { openStore, type Store } from "./store/store.ts";
import type { UsageSeals } from "./store/usage-seals.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import { createPlatformMetrics, type PlatformMetrics } from "./telemetry/platform-metrics.ts";
import { createMetricRegistry, type MetricRegistry } from "./telemetry/registry.ts";
import { version } from "./version.ts";

interface FoundationInput {
  readonly config: PlatformConfig;
  readonly log: PlatformLog;
}

/** What everything else stands on. */
export interface Foundation {
  readonly startedAtMs: number;
  readonly store: Store;
  readonly backups: Backups;
  readonly spool: Spool;
  readonly audit: AuditLog;
  readonly auditor: Auditor;
  readonly seals: UsageSeals;
  readonly content: CallContent;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
}

/** What is not sealed by then is with the next start. */
const lastSealMs = 2_000;

/** @throws PlatformError when the data folder cannot be used */
export async function openFoundation({ config, log }: FoundationInput): Promise<Foundation> {
  const startedAtMs = Date.now();
  const masterKeys = toMasterKeys(config);
  const store = await openStore({
    directory: config.data_dir,
    keepEvents: config.events.keep,
    keepSums: toSumsRetention(config),
    masterKeys,
    log,
  });
  await warnOfKeyFile(store.vault, config, log);
  const registry = createMetricRegistry();
  const { ledger } = store;
  const directory = join(config.data_dir, "spool");
  const spool = await createSpool({ directory, ledger, log, ...toSpoolSettings(config) });
  for (const recovery of [spool.recovery, await recoverLeftovers(directory, ledger)])
    if (recovery.interrupted > 0) log.warn("ledger.interrupted_calls", { ...recovery });
  const metrics = createPlatformMetrics(registry);
  // Rates are seen from the first failure on only when the counters are there before it.
  for (const sink of auditSinkNames) metrics.auditFailures.series(sink);
  const audit = await createAuditLog({
    sinks: [store.audit, createAuditFile({ directory: join(config.data_dir, "audit") })],
    log,
    nowMs: Date.now,
    onFailure: (sink) => metrics.auditFailures.series(sink).add(),
  });
  const auditor = createAuditor({ audit, nowMs: Date.now });
  const backups = createBackups({ dataDirectory: config.data_dir, version, log });
  const seals = store.createSeals({ audit, isHeld: () => backups.isMaking });
  for (const result of captureResults) metrics.contentCaptured.series(result);
  const content = store.createContent({
    retentionDays: config.content.retention_days,
    log,
    onResult: (result) => metrics.contentCaptured.series(result).add(),
  });
  return { startedAtMs, store, backups, spool, audit, auditor, seals, content, registry, metrics };
}

export async function closeFoundation(
  { backups, spool, audit, seals, content, store }: Foundation,
  log: PlatformLog,
): Promise<void> {
  await backups.stop();
  await content.stop();
  await spool.close();
  await seals
    .seal(AbortSignal.timeout(lastSealMs))
    .catch((error: unknown) => log.warn("ledger.seal_failed", { error }));
  await audit.close();
  await store.close();
}

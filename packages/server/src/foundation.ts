import { extname, join } from "node:path";
import type { PlatformConfig } from "./config/schema.ts";
import { type Auditor, createAuditor } from "./control/auditor.ts";
import { openPlatformStore } from "./open-platform-store.ts";
import { openSharing } from "./open-sharing.ts";
import { warnOfKeyFile } from "./sealed-phase.ts";
import { toResponseBounds, toSpoolSettings } from "./settings-of.ts";
import { createTransferThread, type TransferThread } from "./pulls/transfer-thread.ts";
import type { Sharing } from "./sharing/sharing.ts";
import { createAuditFile } from "./store/audit-file.ts";
import { auditFolder } from "./store/audit-files.ts";
import { type AuditLog, createAuditLog } from "./store/audit-log.ts";
import { auditSinkNames } from "./store/audit-sink.ts";
import { refuseBackups } from "./store/backup/refuse-backups.ts";
import { type Backups, createBackups } from "./store/backup/backups.ts";
import { type CallContent, captureResults } from "./store/content/call-content.ts";
import type { ResponseTable } from "./store/responses/response-table.ts";
import { createSpool } from "./store/spool.ts";
import { recoverLeftovers } from "./store/spool-leftovers.ts";
import type { Spool } from "./store/spool-port.ts";
import type { PostgresKeeper } from "./store/postgres/postgres-store.ts";
import type { Store } from "./store/store.ts";
import type { UsageSeals } from "./store/usage-seals.ts";
import type { LogLevels } from "./telemetry/log-levels.ts";
import type { PlatformLog } from "./telemetry/log.ts";
import { createPlatformMetrics, type PlatformMetrics } from "./telemetry/platform-metrics.ts";
import type { Tracing } from "./telemetry/tracing/tracing.ts";
import type { WorkSpans } from "./telemetry/tracing/work-spans.ts";
import { noteQuery } from "./traced-work.ts";
import { createMetricRegistry, type MetricRegistry } from "./telemetry/registry.ts";
import { version } from "./version.ts";

interface FoundationInput {
  readonly config: PlatformConfig;
  readonly log: PlatformLog;
  readonly logLevels: LogLevels;
  readonly tracing: Tracing;
  readonly workSpans: WorkSpans;
  /** Aborted when the server is to stop. */
  readonly stopping: AbortSignal;
}

/** What everything else stands on. */
export interface Foundation {
  readonly startedAtMs: number;
  readonly store: Store;
  /** What looks after PostgreSQL; undefined where the store is in the data folder. */
  readonly postgres: PostgresKeeper | undefined;
  readonly backups: Backups;
  readonly spool: Spool;
  readonly audit: AuditLog;
  readonly auditor: Auditor;
  readonly seals: UsageSeals;
  readonly content: CallContent;
  readonly responses: ResponseTable;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly sharing: Sharing;
  readonly transfers: TransferThread;
  readonly tracing: Tracing;
  readonly workSpans: WorkSpans;
  readonly logLevels: LogLevels;
}

/** What is not sealed by then is with the next start. */
const lastSealMs = 2_000;

/** @throws PlatformError when the data folder or the database cannot be used */
export async function openFoundation(input: FoundationInput): Promise<Foundation> {
  const { config, log, tracing, workSpans } = input;
  const startedAtMs = Date.now();
  const { store, postgres } = await openPlatformStore(input, (query) => noteQuery(workSpans, query));
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
    chain: store.chain,
    sinks: [store.audit, createAuditFile({ directory: auditFolder(config.data_dir, store.chain) })],
    others: () => store.audit.others(),
    log,
    nowMs: Date.now,
    onFailure: (sink) => metrics.auditFailures.series(sink).add(),
  });
  const auditor = createAuditor({ audit, nowMs: Date.now });
  const backups =
    postgres === undefined
      ? createBackups({ dataDirectory: config.data_dir, version, log })
      : refuseBackups(
          "PostgreSQL makes the backups of what it holds: use pg_dump and pg_restore. The guide says what else to keep.",
        );
  const seals = store.createSeals({ audit, isHeld: () => backups.isMaking });
  for (const result of captureResults) metrics.contentCaptured.series(result);
  const content = store.createContent({
    retentionDays: config.content.retention_days,
    log,
    onResult: (result) => metrics.contentCaptured.series(result).add(),
  });
  const responses = store.createResponses(toResponseBounds(config));
  const sharing = openSharing({ config, registry, metrics, log, workSpans });
  const program = new URL(`./transfer-worker${extname(import.meta.filename)}`, import.meta.url);
  const transfers = createTransferThread({
    program,
    bytesPerSecond: config.pulls.bytes_per_second,
    log,
  });
  const kept = { store, postgres, backups, spool, audit, auditor, seals, content, responses };
  return {
    startedAtMs,
    ...kept,
    registry,
    metrics,
    sharing,
    transfers,
    tracing,
    workSpans,
    logLevels: input.logLevels,
  };
}

export async function closeFoundation(
  { backups, spool, audit, seals, content, store, sharing, transfers }: Foundation,
  log: PlatformLog,
): Promise<void> {
  await transfers.stop();
  await backups.stop();
  await content.stop();
  await spool.close();
  await seals
    .seal(AbortSignal.timeout(lastSealMs))
    .catch((error: unknown) => log.warn("ledger.seal_failed", { error }));
  await audit.close();
  await store.close();
  await sharing.stop();
}

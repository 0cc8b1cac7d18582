import { join } from "node:path";
import type { Log } from "@llm-platform/kit";
import type { KeySource } from "./api/key-lookup.ts";
import type { Listener } from "./api/listener.ts";
import type { PlatformConfig } from "./config/schema.ts";
import type { Budget } from "./core/budgets.ts";
import type { LimitCounter } from "./core/limits.ts";
import type { PriceTable } from "./core/prices.ts";
import type { FailureSink } from "./gateway/failure-log.ts";
import type { ModelDirectory, PlatformView } from "./gateway/model-directory.ts";
import type { RefusalSink, TrafficOutcome } from "./gateway/recorder.ts";
import { toWorkerCount, toWorkerSettings } from "./settings-of.ts";
import type { AuditLog } from "./store/audit-log.ts";
import type { SpoolLedger } from "./store/spool-port.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";
import type { LogLevels } from "./telemetry/log-levels.ts";
import type { Tracing } from "./telemetry/tracing/tracing.ts";
import { type InternalPort, openInternalPort } from "./workers/internal-port.ts";
import { takeRoutingData } from "./workers/routing-data.ts";
import { createWorkerPool, type WorkerPool } from "./workers/worker-pool.ts";

export interface WorkerHostParts {
  readonly config: PlatformConfig;
  readonly ledger: SpoolLedger;
  readonly keys: KeySource;
  readonly counter: LimitCounter;
  readonly audit: Pick<AuditLog, "isAccepting" | "onAccepting">;
  readonly prices: PriceTable;
  readonly registry: MetricRegistry;
  readonly metrics: PlatformMetrics;
  readonly tracing: Tracing;
  readonly logLevels: LogLevels;
  readonly log: Log;
  readonly refusals: RefusalSink;
  readonly failures: FailureSink;
  reportTraffic(integration: string, outcome: TrafficOutcome): void;
}

/** What workers are served by. */
export interface WorkerSurroundings {
  readonly listener: Listener;
  readonly directory: ModelDirectory;
  platforms(): readonly PlatformView[];
  budgets(): readonly Budget[];
}

/** The workers as `app.ts` has them. */
export interface WorkerHost extends Omit<WorkerPool, "start" | "stop"> {
  /** Makes what workers connect to. Rejects with PlatformError `unavailable`. */
  open(surroundings: WorkerSurroundings): Promise<void>;
  /** Resolves when each worker has been ready once. Call it after `open`. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Undefined where the configuration wants no workers. */
export function createWorkerHost(parts: WorkerHostParts): WorkerHost | undefined {
  const { config } = parts;
  const count = toWorkerCount(config);
  if (count === 0) return undefined;
  const pool = createWorkerPool({
    ...parts,
    count,
    maxInFlight: config.gateway.max_in_flight,
    spoolDirectory: join(config.data_dir, "spool"),
  });
  const opened: { port?: InternalPort; surroundings?: WorkerSurroundings } = {};
  return {
    limits: pool.limits,
    dealer: pool.dealer,
    get inFlight() {
      return pool.inFlight;
    },
    async open(surroundings) {
      opened.surroundings = surroundings;
      opened.port = await openInternalPort({
        directory: join(config.data_dir, "run"),
        onConnection: (socket, client) => surroundings.listener.takeInternal(socket, client),
      });
    },
    async start() {
      const { port, surroundings } = opened;
      if (port === undefined || surroundings === undefined) throw new Error("the workers have no port yet");
      const { listener, directory, platforms, budgets } = surroundings;
      await pool.start({
        settings: toWorkerSettings(config, port.addresses),
        routingData: () =>
          takeRoutingData(platforms(), directory, { paths: listener.fastPaths, budgets: budgets() }),
        prices: () => parts.prices.entries,
      });
    },
    update: () => pool.update(),
    updatePrices: () => pool.updatePrices(),
    askAll: () => pool.askAll(),
    drain: (deadlineMs) => pool.drain(deadlineMs),
    async stop() {
      await pool.stop();
      await opened.port?.stop();
    },
  };
}

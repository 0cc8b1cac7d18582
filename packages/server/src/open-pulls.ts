import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type ModelHub, type ModelPlatform, PlatformError } from "@llm-platform/kit";
import type { PlatformConfig } from "./config/schema.ts";
import { modelPlatformOf } from "./control/models.ts";
import type { Pull } from "./core/pull.ts";
import type { Foundation } from "./foundation.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";
import { createFileRunners, localRuntime } from "./file-runners.ts";
import type { Manager } from "./manager/manager.ts";
import { createOllamaPull } from "./ollama-pull.ts";
import { openModelStore } from "./pulls/model-store.ts";
import { createPullManager, type PullManager } from "./pulls/pull-manager.ts";
import type { TransferLimit } from "./pulls/transfer-thread.ts";
import { startCollector } from "./model-collector.ts";
import { createSharedPulls } from "./share-pulls.ts";
import type { PlatformLog } from "./telemetry/log.ts";

export interface PullParts {
  readonly config: PlatformConfig;
  readonly directory: ModelDirectory;
  readonly log: PlatformLog;
  manager(): Manager;
}

/** Everything that brings models here. */
export interface PullHost {
  readonly pulls: PullManager;
  readonly limiter: TransferLimit;
  /** Throws PlatformError while the integration does not run or knows no repositories. */
  hub(integration: string): ModelHub;
  stop(): Promise<void>;
}

type PullFoundation = Pick<Foundation, "store" | "registry" | "metrics" | "sharing" | "transfers">;

/** Puts the one pull manager together, with everything that it can pull from. Rejects with PlatformError when the data folder cannot be written. */
export async function openPulls(
  { store, registry, metrics, sharing, transfers }: PullFoundation,
  { config, directory, log, manager }: PullParts,
): Promise<PullHost> {
  const monotonicMs = () => performance.now();
  const models = await openModelStore(join(config.data_dir, "models"), Date.now);
  const platform = (integration: string): ModelPlatform => modelPlatformOf(manager(), integration);
  const hub = (integration: string): ModelHub => hubOf(manager(), integration);
  const refresh = (integration: string): Promise<void> => directory.refresh(integration);
  const files = createFileRunners({
    settings: config.pulls,
    models,
    transfers,
    store,
    metrics,
    log,
    platform,
    hub,
    directory,
    modelFiles: () => manager().running(localRuntime)?.modelFiles,
  });
  const shared = createSharedPulls({
    bus: sharing.bus,
    isConnected: sharing.redis !== undefined,
    replica: store.pulls.replica,
    monotonicMs,
  });
  const pulls = createPullManager({
    records: store.pulls,
    runners: { ollama: createOllamaPull({ platform, refresh }), ...files.runners },
    parallel: config.pulls.parallel,
    log,
    nowMs: Date.now,
    monotonicMs,
    newId: () => `pull_${randomUUID()}`,
    onRest(pull) {
      metrics.pulls.series(pull.request.kind, pull.phase).add();
      manager().publish(toEvent(pull));
    },
    orderElsewhere: (pull, action) => shared.order(pull, action),
  });
  shared.attach(pulls);
  registry.onCollect(() => metrics.pullsActive.series().set(pulls.active));
  const collector = startCollector({ models, pulls, log });
  return {
    pulls,
    limiter: transfers.limit,
    hub,
    async stop() {
      collector.stop();
      await pulls.stop();
      await files.stop();
    },
  };
}

function hubOf(manager: Manager, integration: string): ModelHub {
  const { state, reason } = manager.status(integration);
  const running = manager.running(integration);
  if (running?.hub !== undefined) return running.hub;
  if (running !== undefined)
    throw new PlatformError(
      "unsupported_parameter",
      `The integration ${integration} knows no repositories.`,
      {
        field: "integration",
      },
    );
  throw new PlatformError(
    "unavailable",
    `The integration ${integration} is ${state}${reason === null ? "." : `: ${reason}`}`,
  );
}

function toEvent({ id, request, phase, failure, models }: Pull) {
  return {
    integration: request.integration,
    type: `pull.${phase}`,
    data: { pull: id, kind: request.kind, source: request.source, models, error: failure?.code ?? null },
  };
}

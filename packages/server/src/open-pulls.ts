import { randomUUID } from "node:crypto";
import type { ModelPlatform } from "@llm-platform/kit";
import type { PlatformConfig } from "./config/schema.ts";
import { modelPlatformOf } from "./control/models.ts";
import type { Pull } from "./core/pull.ts";
import type { Foundation } from "./foundation.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";
import type { Manager } from "./manager/manager.ts";
import { createOllamaPull } from "./ollama-pull.ts";
import { createPullManager, type PullManager } from "./pulls/pull-manager.ts";
import type { PlatformLog } from "./telemetry/log.ts";

export interface PullParts {
  readonly config: PlatformConfig;
  readonly directory: ModelDirectory;
  readonly log: PlatformLog;
  manager(): Manager;
}

/** The one pull manager, with everything that it can pull from. */
export function openPulls(
  { store, registry, metrics }: Pick<Foundation, "store" | "registry" | "metrics">,
  { config, directory, log, manager }: PullParts,
): PullManager {
  const platform = (integration: string): ModelPlatform => modelPlatformOf(manager(), integration);
  const refresh = (integration: string): Promise<void> => directory.refresh(integration);
  const pulls = createPullManager({
    records: store.pulls,
    runners: { ollama: createOllamaPull({ platform, refresh }) },
    parallel: config.pulls.parallel,
    log,
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    newId: () => `pull_${randomUUID()}`,
    onRest(pull) {
      metrics.pulls.series(pull.request.kind, pull.phase).add();
      manager().publish(toEvent(pull));
    },
  });
  registry.onCollect(() => metrics.pullsActive.series().set(pulls.active));
  return pulls;
}

function toEvent({ id, request, phase, failure, models }: Pull) {
  return {
    integration: request.integration,
    type: `pull.${phase}`,
    data: { pull: id, kind: request.kind, source: request.source, models, error: failure?.code ?? null },
  };
}

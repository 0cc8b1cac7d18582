import type { Log } from "@llm-platform/kit";
import { isOver } from "./core/pull.ts";
import type { ModelStore } from "./pulls/model-store.ts";
import type { PullManager } from "./pulls/pull-manager.ts";

export interface CollectorParts {
  readonly models: ModelStore;
  readonly pulls: PullManager;
  readonly log: Log;
}

const everyMs = 3_600_000;
const lookedAtPulls = 1_000;

/** Deletes, each hour, contents of models that have no name any more and that no pull is about to name. */
export function startCollector({ models, pulls, log }: CollectorParts): { stop(): void } {
  async function collect(): Promise<void> {
    try {
      const known = await pulls.list(lookedAtPulls);
      const unfinished = known.filter(({ phase }) => !isOver(phase));
      const inUse = new Set(unfinished.flatMap(({ files }) => files.flatMap(({ sha256 }) => sha256 ?? [])));
      const freedBytes = await models.collect(inUse);
      if (freedBytes > 0) log.info("models.collected", { freed_bytes: freedBytes });
    } catch (error) {
      log.warn("models.not_collected", { error });
    }
  }

  const timer = setInterval(() => void collect(), everyMs).unref();
  return { stop: () => clearInterval(timer) };
}

import type { Log } from "@llm-platform/kit";
import { isOver } from "./core/pull.ts";
import type { ModelStore } from "./pulls/model-store.ts";
import type { PullManager } from "./pulls/pull-manager.ts";

export interface CollectorParts {
  readonly models: ModelStore;
  readonly pulls: PullManager;
  readonly log: Log;
}

/** Deletes what is of no use any more. */
export interface Collector {
  /** Does so now. Never rejects. */
  collect(): Promise<void>;
  stop(): void;
}

const firstAfterMs = 60_000;
const everyMs = 3_600_000;
const lookedAtPulls = 1_000;

/** Deletes, each hour, contents of models that have no name any more and that no pull is about to name. */
export function startCollector({ models, pulls, log }: CollectorParts): Collector {
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

  // What was left by a life before this one goes soon, and nothing at a moment when much else begins.
  const first = setTimeout(() => void collect(), firstAfterMs).unref();
  const timer = setInterval(() => void collect(), everyMs).unref();
  return {
    collect,
    stop() {
      clearTimeout(first);
      clearInterval(timer);
    },
  };
}

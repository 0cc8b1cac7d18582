import type { Log } from "@llm-platform/kit";
import type { EventReader } from "./control/events.ts";
import type { Feed } from "./control/feed.ts";
import { EventTail } from "./control/feeds/event-tail.ts";
import { createEventsFeed } from "./control/feeds/events.ts";
import { MetricSampler } from "./control/feeds/metric-sampler.ts";
import { createMetricsFeed } from "./control/feeds/metrics.ts";
import { createModelsFeed } from "./control/feeds/models.ts";
import { createPullsFeed, type PullProgressSource } from "./control/feeds/pulls.ts";
import { toPullView } from "./control/pulls.ts";
import type { ModelDirectory } from "./gateway/model-directory.ts";
import type { Manager } from "./manager/manager.ts";
import type { PullManager } from "./pulls/pull-manager.ts";
import { RequestTail } from "./control/feeds/request-tail.ts";
import { createRequestsFeed } from "./control/feeds/requests.ts";
import type { Store } from "./store/store.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";

export interface FeedParts {
  readonly events: EventReader;
  readonly directory: ModelDirectory;
  readonly registry: MetricRegistry;
  /** Takes in what workers count. */
  askWorkers(): Promise<unknown>;
  readonly pulls: PullManager;
  manager(): Manager;
  readonly log: Log;
  readonly store: Pick<Store, "requestLog" | "identity">;
}

/** The table of feeds: everything that can be followed. */
export function createFeeds(parts: FeedParts): readonly Feed[] {
  const { events: reader, directory, manager, registry, log, store } = parts;
  const sampler = new MetricSampler({ registry, askOthers: () => parts.askWorkers(), nowMs: Date.now });
  return [
    createEventsFeed({ reader, tail: new EventTail({ reader, log }) }),
    createModelsFeed({ reader, directory, integrations: () => manager().list() }),
    createMetricsFeed(sampler),
    createPullsFeed(toProgressSource(parts.pulls)),
    createRequestsFeed({
      tail: new RequestTail({ requests: store.requestLog, log, nowMs: Date.now }),
      identity: store.identity,
    }),
  ];
}

/** Pulls that whoever begins to follow is told of. */
const mostShown = 1_000;

function toProgressSource(pulls: PullManager): PullProgressSource {
  return {
    list: async () => (await pulls.list(mostShown)).map(toPullView),
    onChange: (listener) => pulls.onChange((pull) => listener(toPullView(pull))),
  };
}

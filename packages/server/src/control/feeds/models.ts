import type { PlatformEvent } from "@llm-platform/kit";
import { z } from "zod";
import type { ModelDirectory } from "../../gateway/model-directory.ts";
import type { IntegrationStatus } from "../../manager/status.ts";
import { eventSchema, type EventReader } from "../events.ts";
import { defineFeed, type Feed, type FeedItem } from "../feed.ts";
import { modelSchema, toModel } from "../models.ts";
import { toEventItem } from "./event-item.ts";
import { Wake } from "./wake.ts";

export interface ModelsFeedParts {
  readonly reader: EventReader;
  readonly directory: ModelDirectory;
  integrations(): readonly Pick<IntegrationStatus, "name" | "type" | "state" | "reason">[];
}

/** A reader that is further behind is told anew how everything is. */
const mostWaiting = 500;

const input = z.strictObject({ integration: z.string().max(128).optional() });

const modelList = z.object({ models: z.array(modelSchema).readonly() });

const item = z.union([
  modelList.extend({
    integrations: z
      .array(
        z.object({ name: z.string(), type: z.string(), state: z.string(), reason: z.string().nullable() }),
      )
      .readonly(),
  }),
  modelList,
  eventSchema,
]);

/** Models and integrations: how they are, then what becomes of them. */
export function createModelsFeed(parts: ModelsFeedParts): Feed {
  return defineFeed({
    name: "models",
    summary:
      "A `snapshot` of models and integrations, then `models.changed` with the models of this replica, and the events `model.*` and `integration.*` of all. A slow reader is told the last of each, and anew everything when it is far behind.",
    permission: "models.read",
    input,
    item,
    follow: (checked, signal) => followModels(checked, signal, parts),
  });
}

async function* followModels(
  { integration }: z.output<typeof input>,
  signal: AbortSignal,
  parts: ModelsFeedParts,
): AsyncGenerator<FeedItem, void> {
  const { reader, directory } = parts;
  const wake = new Wake(signal);
  const news = new ModelNews((name) => integration === undefined || name === integration);
  const take = (event: PlatformEvent) => {
    if (news.note(event)) wake.wake();
  };
  const stops = [reader.onEvent(take), reader.onRemoteEvent(take), directory.onChange(() => wake.wake())];
  try {
    let known = news.models(directory);
    yield news.snapshot(parts);
    while (!signal.aborted) {
      await wake.next();
      const models = news.models(directory);
      if (models.text !== known.text) {
        known = models;
        yield { type: "models.changed", data: { models: models.list } };
      }
      if (news.isFarBehind) yield news.snapshot(parts);
      else yield* news.take();
    }
  } finally {
    for (const stop of stops) stop();
  }
}

/** What one reader has not been told: of each model and integration the last. */
class ModelNews {
  readonly #fits: (integration: string) => boolean;
  readonly #waiting = new Map<string, FeedItem>();
  isFarBehind = false;

  constructor(fits: (integration: string) => boolean) {
    this.#fits = fits;
  }

  /** Whether the event is one to tell. */
  note(event: PlatformEvent): boolean {
    const { type, integration, data } = event;
    const subject = type.slice(0, type.indexOf("."));
    if ((subject !== "model" && subject !== "integration") || !this.#fits(integration)) return false;
    const key = JSON.stringify([subject, integration, data["model"], "replica" in event && event.replica]);
    // Behind all that came before it.
    this.#waiting.delete(key);
    this.#waiting.set(key, toEventItem({ ...event, id: 0 }, undefined));
    if (this.#waiting.size > mostWaiting) {
      this.#waiting.clear();
      this.isFarBehind = true;
    }
    return true;
  }

  take(): readonly FeedItem[] {
    const items = [...this.#waiting.values()];
    this.#waiting.clear();
    return items;
  }

  models({ snapshot }: ModelDirectory): {
    readonly list: ReturnType<typeof toModel>[];
    readonly text: string;
  } {
    const list = snapshot.models.filter((model) => this.#fits(model.integration)).map(toModel);
    return { list, text: JSON.stringify(list) };
  }

  /** How everything is now; what waits is part of it. */
  snapshot(parts: ModelsFeedParts): FeedItem {
    this.#waiting.clear();
    this.isFarBehind = false;
    const integrations = parts
      .integrations()
      .filter(({ name }) => this.#fits(name))
      .map(({ name, type, state, reason }) => ({ name, type, state, reason }));
    return { type: "snapshot", data: { models: this.models(parts.directory).list, integrations } };
  }
}

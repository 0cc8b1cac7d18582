import { z } from "zod";
import { defineFeed, type Feed, type FeedItem } from "../feed.ts";
import { pullSchema } from "../pulls.ts";
import { Wake } from "./wake.ts";

/** A pull as the operations on pulls show it. */
export type ShownPull = z.output<typeof pullSchema>;

/** Where pulls and their progress are known. */
export interface PullProgressSource {
  /** Rejects with PlatformError `unavailable`. */
  list(): Promise<readonly ShownPull[]>;
  /** Calls `listener` with a pull at each change and as it gets on, until the result is called. */
  onChange(listener: (pull: ShownPull) => void): () => void;
}

const mostWaiting = 1_000;

const input = z.strictObject({ id: z.string().max(128).optional().describe("Only this pull.") });

/** Pulls of models: how they are, then how they get on. */
export function createPullsFeed(source: PullProgressSource): Feed {
  return defineFeed({
    name: "pulls",
    summary:
      "A `snapshot` of the pulls, then `pull.changed` as they get on. A slow reader is told the last of each.",
    permission: "models.read",
    input,
    item: z.union([z.object({ pulls: z.array(pullSchema).readonly() }), pullSchema]),
    follow: (checked, signal) => followPulls(checked, signal, source),
  });
}

async function* followPulls(
  { id }: z.output<typeof input>,
  signal: AbortSignal,
  source: PullProgressSource,
): AsyncGenerator<FeedItem, void> {
  const wake = new Wake(signal);
  const waiting = new Map<string, ShownPull>();
  const fits = (each: ShownPull) => id === undefined || each.id === id;
  const stop = source.onChange((changed) => {
    if (!fits(changed) || (waiting.size >= mostWaiting && !waiting.has(changed.id))) return;
    waiting.set(changed.id, changed);
    wake.wake();
  });
  try {
    const pulls = (await source.list()).filter(fits);
    yield { type: "snapshot", data: { pulls } };
    while (!signal.aborted) {
      await wake.next();
      const items = [...waiting.values()];
      waiting.clear();
      for (const data of items) yield { type: "pull.changed", data };
    }
  } finally {
    stop();
  }
}

import { z } from "zod";
import { type EventReader, eventSchema } from "../events.ts";
import { defineFeed, type Feed, type FeedItem } from "../feed.ts";
import { parseEventPlace } from "./event-item.ts";
import type { EventTail, TailEntry } from "./event-tail.ts";
import { Wake } from "./wake.ts";

export interface EventFeedParts {
  readonly reader: EventReader;
  readonly tail: EventTail;
}

const mostRemote = 1_000;

const input = z.strictObject({
  after_id: z
    .union([
      z.string().regex(/^(?:[0-9a-z]+-)?\d{1,15}$/, "Must be the id of an item."),
      z.number().int().min(0),
    ])
    .transform(String)
    .optional()
    .describe("The id of the last item that came; 0 for everything that is kept. Default: from now on."),
  integration: z.string().max(128).optional().describe("Only events of this integration."),
});

type Input = z.output<typeof input>;

/** What changes: the log of events, followed. */
export function createEventsFeed(parts: EventFeedParts): Feed {
  return defineFeed({
    name: "events",
    summary:
      "What changes, in all replicas. Goes on after an id; where that cannot be done in full, `feed.gap` says so first.",
    permission: "events.read",
    input,
    item: z.union([eventSchema, z.object({ reason: z.string() })]),
    follow: (checked, signal) => followEvents(checked, signal, parts),
  });
}

async function* followEvents(
  { after_id, integration }: Input,
  signal: AbortSignal,
  { reader, tail }: EventFeedParts,
): AsyncGenerator<FeedItem, void> {
  const wake = new Wake(signal);
  const remote = new RemoteEvents(() => wake.wake());
  const fits = (entry: TailEntry) => integration === undefined || entry.integration === integration;
  // Listens before it asks where the log is, so that it misses nothing between the two.
  const stop = tail.listen({
    onGrown: () => wake.wake(),
    onRemote: (entry) => {
      if (fits(entry)) remote.push(entry.item);
    },
  });
  try {
    const { fromId, gap } = await findPlace(after_id, reader);
    if (gap !== undefined) yield toGap(gap);
    let lastId = fromId;
    while (!signal.aborted) {
      const entries = await tail.after(lastId);
      for (const entry of entries) {
        if (signal.aborted) return;
        lastId = entry.id;
        if (fits(entry)) yield entry.item;
      }
      yield* remote.take();
      if (entries.length === 0) await wake.next();
    }
  } finally {
    stop();
  }
}

interface Place {
  readonly fromId: number;
  /** Why something may be missing. */
  readonly gap?: string;
}

async function findPlace(afterId: string | undefined, reader: EventReader): Promise<Place> {
  const { oldest, newest } = await reader.bounds();
  const wanted = afterId === undefined ? undefined : parseEventPlace(afterId);
  if (wanted === undefined) return { fromId: newest };
  if (wanted.logName !== undefined && wanted.logName !== (await reader.logName())) {
    return {
      fromId: newest,
      gap: "That id counts in the log of another replica, which is not kept here. What came since may be missing; replicas that share PostgreSQL have one log.",
    };
  }
  if (wanted.id > newest)
    return { fromId: newest, gap: "The log of events does not reach that id: it has begun anew." };
  if (wanted.id > 0 && wanted.id < oldest - 1)
    return { fromId: wanted.id, gap: "Events right after that id are not kept any more." };
  return { fromId: wanted.id };
}

function toGap(reason: string): FeedItem {
  return { type: "feed.gap", data: { reason } };
}

/** Events of other replicas that wait for one reader; too many make a gap. */
class RemoteEvents {
  readonly #onEvent: () => void;
  #waiting: FeedItem[] = [];
  #lost = 0;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  push(item: FeedItem): void {
    if (this.#waiting.length < mostRemote) this.#waiting.push(item);
    else this.#lost++;
    this.#onEvent();
  }

  *take(): Generator<FeedItem> {
    const items = this.#waiting;
    const lost = this.#lost;
    this.#waiting = [];
    this.#lost = 0;
    yield* items;
    if (lost > 0) yield toGap(`${lost} events of other replicas came faster than they were read.`);
  }
}

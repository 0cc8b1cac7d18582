import type { PlatformEvent } from "@llm-platform/kit";
import { z } from "zod";
import { defineOperation, type Operation } from "./operation.ts";

/** Where events are read from. */
export interface EventReader {
  list(filter: {
    readonly afterId: number;
    readonly limit: number;
    readonly integration?: string | undefined;
  }): Promise<readonly PlatformEvent[]>;
  /** Whether the log is that of all replicas. */
  readonly isShared: boolean;
  /** What the ids count in, where each replica has a log of its own; undefined where all have one. */
  logName(): Promise<string | undefined>;
  /** Ids of the oldest and the newest event that is kept; 0 where there is none. Rejects with PlatformError `unavailable`. */
  bounds(): Promise<EventBounds>;
  /** Calls `listener` with each new event, until the result is called. */
  onEvent(listener: (event: PlatformEvent) => void): () => void;
  /** The same of other replicas. */
  onRemoteEvent(listener: (event: RemoteEvent) => void): () => void;
}

export interface EventBounds {
  readonly oldest: number;
  readonly newest: number;
}

/** An event of another replica. It has no place in the log of this one, and so the id 0. */
export interface RemoteEvent extends PlatformEvent {
  readonly replica: string;
}

const longestWaitSeconds = 60;

export const eventSchema = z.object({
  id: z.number(),
  time: z.string(),
  integration: z.string(),
  type: z.string(),
  data: z.record(z.string(), z.unknown()),
  replica: z.string().optional().describe("Of an event of another replica, which has the id 0 here."),
});

export const eventsInput = z.strictObject({
  after_id: z.coerce.number().int().min(0).default(0).describe("Only events with a higher id."),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  integration: z.string().max(128).optional().describe("Only events of this integration."),
  wait_seconds: z.coerce
    .number()
    .min(0)
    .max(longestWaitSeconds)
    .default(0)
    .describe("When there is none yet, wait this long for the first."),
});

/** Operations on the event log. */
export function eventOperations(reader: EventReader): readonly Operation[] {
  return [
    defineOperation({
      name: "events.list",
      summary:
        "What changed, oldest first; with wait_seconds it waits for the first event. As text/event-stream it never ends.",
      permission: "events.read",
      rest: { method: "GET", path: "/integrations/events" },
      input: eventsInput,
      output: z.object({ events: z.array(eventSchema).readonly(), next_after_id: z.number() }),
      run: async ({ after_id, limit, integration, wait_seconds }, { signal }) => {
        const read = () => reader.list({ afterId: after_id, limit, integration });
        if (wait_seconds === 0) return toPage(await read(), after_id);
        const over = new AbortController();
        // Listens before it reads, so that it misses none between the two.
        const next = nextEvent(reader, {
          integration,
          waitMs: wait_seconds * 1_000,
          signal: AbortSignal.any([signal, over.signal]),
        });
        try {
          const events = await read();
          if (events.length > 0) return toPage(events, after_id);
          const remote = await next;
          const { events: late, next_after_id } = toPage(await read(), after_id);
          return { events: remote === undefined ? late : [remote, ...late], next_after_id };
        } finally {
          over.abort();
        }
      },
    }),
  ];
}

function toPage(events: readonly PlatformEvent[], afterId: number) {
  return { events, next_after_id: events.at(-1)?.id ?? afterId };
}

interface Wait {
  readonly integration: string | undefined;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Resolves at the next event that fits, after `waitMs`, or when the caller has gone; with the event where it is of another
 * replica, because it cannot be read from the log.
 */
function nextEvent(
  reader: EventReader,
  { integration, waitMs, signal }: Wait,
): Promise<RemoteEvent | undefined> {
  return new Promise((resolve) => {
    const finish = (remote?: RemoteEvent) => {
      clearTimeout(timer);
      stopListening();
      stopRemote();
      signal.removeEventListener("abort", onAbort);
      resolve(remote);
    };
    const onAbort = () => finish();
    const timer = setTimeout(finish, waitMs);
    const fits = (event: PlatformEvent) => integration === undefined || event.integration === integration;
    const stopListening = reader.onEvent((event) => {
      if (fits(event)) finish();
    });
    const stopRemote = reader.onRemoteEvent((event) => {
      if (fits(event)) finish(event);
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { permissionNames } from "../../core/permissions.ts";
import { localAdmin } from "../../core/principal.ts";
import type { PlatformEvent } from "@llm-platform/kit";
import { openStore, type Store } from "../../store/store.ts";
import { createAuditor } from "../auditor.ts";
import type { EventReader, RemoteEvent } from "../events.ts";
import type { Feed, FeedItem } from "../feed.ts";
import type { OperationContext } from "../operation.ts";

/** A log of events as one replica has it, with another that is heard of. */
export interface TestEvents {
  readonly store: Store;
  readonly reader: EventReader;
  /** How often the log was read. */
  readonly reads: number;
  append(type: string, integration?: string): Promise<PlatformEvent>;
  hear(event: RemoteEvent): void;
  close(): Promise<void>;
}

export async function openTestEvents(keepEvents = 10_000): Promise<TestEvents> {
  const directory = mkdtempSync(join(tmpdir(), "feeds-"));
  const store = await openStore({ directory, keepEvents });
  const own = new Set<(event: PlatformEvent) => void>();
  const remote = new Set<(event: RemoteEvent) => void>();
  const counts = { reads: 0 };
  return {
    store,
    reader: {
      isShared: false,
      logName: async () => "here",
      bounds: () => store.events.bounds(),
      list: (filter) => {
        counts.reads++;
        return store.events.list(filter);
      },
      onEvent: (listener) => addTo(own, listener),
      onRemoteEvent: (listener) => addTo(remote, listener),
    },
    get reads() {
      return counts.reads;
    },
    async append(type, integration = "one") {
      const event = await store.events.append({ integration, type, data: {} });
      for (const listener of own) listener(event);
      return event;
    },
    hear(event) {
      for (const listener of remote) listener(event);
    },
    async close() {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function addTo<Item>(set: Set<Item>, item: Item): () => void {
  set.add(item);
  return () => void set.delete(item);
}

/** Somebody who may everything but `without`. */
export function testContext(signal: AbortSignal, without?: string): OperationContext {
  return {
    principal: { ...localAdmin, permissions: new Set(permissionNames.filter((name) => name !== without)) },
    address: undefined,
    requestId: "req_1",
    auditor: createAuditor({
      nowMs: () => 0,
      audit: { append: async () => undefined, appendOrKeep: async () => undefined },
    }),
    signal,
  };
}

/** One follower of a feed. */
export class Follower {
  readonly #items: AsyncIterator<FeedItem>;
  readonly #over = new AbortController();

  constructor(feed: Feed, input: unknown = {}) {
    this.#items = feed.open(input, testContext(this.#over.signal))[Symbol.asyncIterator]();
  }

  /** The next item; undefined when the feed has ended. */
  async next(): Promise<FeedItem | undefined> {
    const { done, value } = await this.#items.next();
    return done === true ? undefined : value;
  }

  async take(count: number): Promise<readonly (FeedItem | undefined)[]> {
    const items: (FeedItem | undefined)[] = [];
    while (items.length < count) items.push(await this.next());
    return items;
  }

  abort(): void {
    this.#over.abort();
  }

  async leave(): Promise<void> {
    await this.#items.return?.();
  }
}

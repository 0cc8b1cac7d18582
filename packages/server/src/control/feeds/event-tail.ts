import { toPlatformError, type Log, type PlatformEvent } from "@llm-platform/kit";
import type { EventReader } from "../events.ts";
import type { FeedItem } from "../feed.ts";
import { toEventItem } from "./event-item.ts";

/** An event with its place in the log. */
export interface TailEntry {
  readonly id: number;
  readonly integration: string;
  readonly item: FeedItem;
}

export interface TailListener {
  /** The log has grown, or may have. */
  onGrown(): void;
  /** An event of another replica whose log is not read here. */
  onRemote(event: TailEntry): void;
}

export interface EventTailParts {
  readonly reader: EventReader;
  readonly log: Log;
}

const mostKept = 1_000;
const pageLength = 200;
/** Where replicas share a log and no word of a new event came, it is found by then. */
const lookAgainMs = 1_000;

/**
 * The newest events, read once for all who follow: with two thousand followers an event costs one query and is put into
 * JSON once. It reads while somebody listens.
 */
export class EventTail {
  readonly #parts: EventTailParts;
  readonly #listeners = new Set<TailListener>();
  #kept: TailEntry[] = [];
  /** Everything after this id is among those kept; undefined while nothing is read. */
  #keptAfterId: number | undefined;
  #stop: (() => void) | undefined;
  #isReading = false;
  #isMissing = false;

  constructor(parts: EventTailParts) {
    this.#parts = parts;
  }

  listen(listener: TailListener): () => void {
    this.#listeners.add(listener);
    this.#stop ??= this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  /** What comes after an id, oldest first; a page of it where it is far behind. Rejects with PlatformError `unavailable`. */
  async after(id: number): Promise<readonly TailEntry[]> {
    if (this.#keptAfterId !== undefined && id >= this.#keptAfterId) {
      const first = this.#kept.findIndex((entry) => entry.id > id);
      return first < 0 ? [] : this.#kept.slice(first);
    }
    return this.#read(id);
  }

  async #read(afterId: number): Promise<readonly TailEntry[]> {
    const { reader } = this.#parts;
    const name = await reader.logName();
    const events = await reader.list({ afterId, limit: pageLength });
    return events.map((event) => toEntry(event, name));
  }

  #start(): () => void {
    const { reader } = this.#parts;
    const stopOwn = reader.onEvent(() => void this.#readOn());
    const stopRemote = reader.onRemoteEvent((event) => {
      const entry = toEntry(event, undefined);
      for (const listener of this.#listeners) listener.onRemote(entry);
    });
    const timer = reader.isShared ? setInterval(() => void this.#readOn(), lookAgainMs) : undefined;
    void this.#readOn();
    return () => {
      clearInterval(timer);
      stopOwn();
      stopRemote();
      this.#kept = [];
      this.#keptAfterId = undefined;
    };
  }

  /** One reading at a time, and once more for what came meanwhile. */
  async #readOn(): Promise<void> {
    this.#isMissing = true;
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#isMissing && this.#listeners.size > 0) {
        this.#isMissing = false;
        await this.#keepNew();
      }
    } catch (error) {
      // The next event, or the next look, reads on.
      this.#parts.log.warn("events.not_read", { error: toPlatformError(error) });
    } finally {
      this.#isReading = false;
    }
  }

  async #keepNew(): Promise<void> {
    this.#keptAfterId ??= (await this.#parts.reader.bounds()).newest;
    const page = await this.#read(this.#kept.at(-1)?.id ?? this.#keptAfterId);
    if (page.length === pageLength) this.#isMissing = true;
    this.#kept.push(...page);
    const over = this.#kept.length - mostKept;
    if (over > 0) this.#keptAfterId = this.#kept.splice(0, over).at(-1)?.id ?? this.#keptAfterId;
    if (page.length > 0) for (const listener of this.#listeners) listener.onGrown();
  }
}

function toEntry(event: PlatformEvent, logName: string | undefined): TailEntry {
  return { id: event.id, integration: event.integration, item: toEventItem(event, logName) };
}

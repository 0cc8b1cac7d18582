import type { DatabaseSync } from "node:sqlite";
import type { JsonObject, PlatformEvent } from "@llm-platform/kit";
import { guardStorageLater } from "./storage-error.ts";

/** What is new, before it has an id and a time. */
export interface NewEvent {
  readonly integration: string;
  readonly type: string;
  readonly data: JsonObject;
}

export interface EventQuery {
  /** Only events with a higher id. */
  readonly afterId: number;
  readonly limit: number;
  readonly integration?: string | undefined;
}

/** The durable, bounded log of events. Every member rejects with PlatformError `unavailable`. */
export interface EventTable {
  /** Its time is that of the call. */
  append(event: NewEvent): Promise<PlatformEvent>;
  /** Oldest first. */
  list(query: EventQuery): Promise<readonly PlatformEvent[]>;
  /** Ids of the oldest and the newest event that is kept; 0 where there is none. */
  bounds(): Promise<{ readonly oldest: number; readonly newest: number }>;
}

export interface EventTableParts {
  readonly raw: DatabaseSync;
  /** How many of the newest events are kept. */
  readonly keep: number;
  /** Wall time. */
  readonly nowMs: () => number;
}

/** Deleting old events costs more than writing one, so it is done for this many at once, and with the first. */
export const pruneEvery = 100;

export function createEventTable({ raw, keep, nowMs }: EventTableParts): EventTable {
  const insert = raw.prepare(
    "INSERT INTO events (time, integration, type, data) VALUES (?, ?, ?, ?) RETURNING id",
  );
  const prune = raw.prepare("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?");
  const listAll = raw.prepare(
    "SELECT id, time, integration, type, data FROM events WHERE id > ? ORDER BY id LIMIT ?",
  );
  const listOne = raw.prepare(
    "SELECT id, time, integration, type, data FROM events WHERE id > ? AND integration = ? ORDER BY id LIMIT ?",
  );
  const bounds = raw.prepare("SELECT min(id) AS oldest, max(id) AS newest FROM events");
  let sincePrune = pruneEvery;

  return {
    append: ({ integration, type, data }) =>
      guardStorageLater(async () => {
        const time = new Date(nowMs()).toISOString();
        const row = insert.get(time, integration, type, JSON.stringify(data));
        sincePrune++;
        if (sincePrune >= pruneEvery) {
          prune.run(keep);
          sincePrune = 0;
        }
        return { id: Number(row?.["id"]), time, integration, type, data };
      }),
    list: ({ afterId, limit, integration }) =>
      guardStorageLater(async () => {
        const rows =
          integration === undefined ? listAll.all(afterId, limit) : listOne.all(afterId, integration, limit);
        return rows.map(toEvent);
      }),
    bounds: () =>
      guardStorageLater(async () => {
        const row = bounds.get();
        return { oldest: Number(row?.["oldest"] ?? 0), newest: Number(row?.["newest"] ?? 0) };
      }),
  };
}

/** A row as the driver gives it. */
export function toEvent(row: Readonly<Record<string, unknown>>): PlatformEvent {
  return {
    id: Number(row["id"]),
    time: String(row["time"]),
    integration: String(row["integration"]),
    type: String(row["type"]),
    // Only `append` writes this column, and it writes an object.
    data: JSON.parse(String(row["data"])),
  };
}

import type { PlatformEvent } from "@llm-platform/kit";
import type { FeedItem } from "../feed.ts";

/** A place in a log of events. */
export interface EventPlace {
  /** Undefined where all replicas read one log, or where a plain number was given. */
  readonly logName: string | undefined;
  readonly id: number;
}

const placeForm = /^(?:([0-9a-z]+)-)?(\d{1,15})$/;

/** Undefined for what is none. */
export function parseEventPlace(text: string): EventPlace | undefined {
  const [, logName, id] = placeForm.exec(text) ?? [];
  return id === undefined ? undefined : { logName, id: Number(id) };
}

/**
 * An event as feeds tell it. One of another replica whose log is not read here has no id: nobody could go on from it.
 * @param logName what the ids count in, where each replica has a log of its own
 */
export function toEventItem(event: PlatformEvent, logName: string | undefined): FeedItem {
  const { id, type, ...facts } = event;
  const data = { id, type, ...facts };
  if (id === 0) return { type, data };
  return { type, data, id: logName === undefined ? String(id) : `${logName}-${id}` };
}

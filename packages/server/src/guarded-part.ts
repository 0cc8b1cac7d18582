import type { NetworkReach } from "@llm-platform/kit";
import type { FetchPart } from "./pulls/url-source.ts";
import { type ControlFetch, createControlFetch } from "./wire/control-fetch.ts";

/** Fetches from addresses that a person names, each under the guard of outbound calls. */
export interface GuardedParts {
  readonly fetchPart: FetchPart;
  stop(): void;
}

/** Origins whose connections are kept. */
const mostOrigins = 8;

export function createGuardedParts(network: NetworkReach): GuardedParts {
  const stopping = new AbortController();
  const doors = new Map<string, ControlFetch>();

  /** A door that leads to one origin, and nowhere else. */
  function doorTo(origin: string): ControlFetch {
    const known = doors.get(origin);
    if (known !== undefined) return known;
    if (doors.size >= mostOrigins) doors.clear();
    const door = createControlFetch({ settings: [origin], network, signal: stopping.signal });
    doors.set(origin, door);
    return door;
  }

  return {
    fetchPart: (url, { from, until }, signal) =>
      doorTo(url.origin).fetch(url.href, {
        headers: {
          range: `bytes=${from}-${until - 1}`,
          "accept-encoding": "identity",
          "user-agent": "llm-platform",
        },
        deadlineMs: 0,
        signal,
      }),
    stop() {
      stopping.abort();
      for (const door of doors.values()) door.release();
    },
  };
}

import { type FeedName, feedPermissions, type FeedTypes, type LiveItem } from "@llm-platform/client";
import { createContext, useContext, useEffect, useEffectEvent, useRef, useSyncExternalStore } from "react";
import { useCaller } from "../session/use-session.ts";
import type { LiveConnection, LiveStatus } from "./live-connection.ts";

export const LiveContext = createContext<LiveConnection | undefined>(undefined);

export function useLiveConnection(): LiveConnection {
  const live = useContext(LiveContext);
  if (live === undefined) throw new Error("there is no live connection around this component");
  return live;
}

/** How the connection is, and whether what is shown is old. */
export function useLiveStatus(): LiveStatus {
  const live = useLiveConnection();
  return useSyncExternalStore(live.subscribe, () => live.status);
}

/** Follows a feed while the component is there; does nothing for a reader who may not. */
export function useFeed<Name extends FeedName>(
  name: Name,
  input: FeedTypes[Name]["input"],
  onItem: (item: LiveItem<Name>) => void,
): void {
  const live = useLiveConnection();
  const isAllowed = useCaller().permissions.includes(feedPermissions[name]);
  const take = useEffectEvent(onItem);
  const key = JSON.stringify(input);
  useEffect(
    () => (isAllowed ? live.follow(name, JSON.parse(key), take) : undefined),
    [live, name, key, isAllowed],
  );
}

/** Often enough for an eye, and seldom enough to draw. */
const gatherMs = 250;
/** A page that nobody looks at has its timers held back for a minute. */
const mostGathered = 1_000;

/**
 * Follows a feed that may have hundreds of items a second: tells four times in one of what came since. Of more than a
 * thousand the oldest are let go.
 */
export function useGatheredFeed<Name extends FeedName>(
  name: Name,
  input: FeedTypes[Name]["input"],
  onItems: (items: readonly LiveItem<Name>[]) => void,
): void {
  const gathered = useRef<LiveItem<Name>[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const take = useEffectEvent(onItems);
  useEffect(() => () => clearTimeout(timer.current), []);
  useFeed(name, input, (item) => {
    if (gathered.current.push(item) > mostGathered) gathered.current.shift();
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const items = gathered.current;
      gathered.current = [];
      take(items);
    }, gatherMs);
  });
}

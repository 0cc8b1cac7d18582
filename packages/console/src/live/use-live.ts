import { type FeedName, feedPermissions, type FeedTypes, type LiveItem } from "@llm-platform/client";
import { createContext, useContext, useEffect, useEffectEvent, useSyncExternalStore } from "react";
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

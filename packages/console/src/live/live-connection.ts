import { connectLive, type FeedName, type FeedTypes, type Live, type LiveItem } from "@llm-platform/client";
import type { Session } from "../session/session.ts";

/** What the reader is told of the connection. */
export type LiveMode = "connecting" | "live" | "reconnecting" | "paused";

export interface LiveStatus {
  readonly mode: LiveMode;
  /** Whether what is shown is older than 15 seconds. */
  readonly isStale: boolean;
}

type FeedListener<Name extends FeedName> = (item: LiveItem<Name>) => void;

/** The one WebSocket of the page. Feeds are followed once, however many components look at them. */
export interface LiveConnection {
  readonly status: LiveStatus;
  subscribe(listener: () => void): () => void;
  start(): void;
  stop(): void;
  /** Holds everything still, so that a reader can look at it. */
  pause(): void;
  resume(): void;
  /** Tries to connect now. */
  retry(): void;
  follow<Name extends FeedName>(
    name: Name,
    input: FeedTypes[Name]["input"],
    onItem: FeedListener<Name>,
  ): () => void;
  /** Calls the listener each time the connection stands again after it was lost. */
  onReconnected(listener: () => void): () => void;
}

const staleMs = 15_000;

interface Shared {
  readonly listeners: Set<(item: LiveItem<FeedName>) => void>;
  /** Begins to follow on a connection. */
  open(live: Live): () => void;
  leave?: (() => void) | undefined;
  /** What a late comer has to know: a feed begins with it, once. */
  first?: LiveItem<FeedName> | undefined;
}

export function createLiveConnection(url: string, session: Session): LiveConnection {
  const feeds = new Map<string, Shared>();
  const listeners = new Set<() => void>();
  const reconnected = new Set<() => void>();
  const held: {
    live?: Live | undefined;
    status: LiveStatus;
    timer?: ReturnType<typeof setTimeout>;
    wasLost: boolean;
  } = { status: { mode: "connecting", isStale: false }, wasLost: false };

  function become(status: LiveStatus): void {
    held.status = status;
    for (const listener of listeners) listener();
  }

  function setMode(mode: LiveMode): void {
    clearTimeout(held.timer);
    become({ mode, isStale: mode === "live" ? false : held.status.isStale });
    if (mode === "live") return;
    held.timer = setTimeout(() => become({ ...held.status, isStale: true }), staleMs);
  }

  function connect(): void {
    held.live = connectLive(url, {
      ticket: () => session.ticket(),
      onState(state) {
        if (state === "stopped") return;
        setMode(state);
        if (state === "reconnecting") held.wasLost = true;
        if (state !== "live" || !held.wasLost) return;
        held.wasLost = false;
        for (const listener of reconnected) listener();
      },
    });
    for (const feed of feeds.values()) feed.leave = feed.open(held.live);
  }

  function disconnect(): void {
    held.live?.stop();
    held.live = undefined;
    for (const feed of feeds.values()) feed.leave = undefined;
  }

  return {
    get status() {
      return held.status;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start() {
      if (held.live === undefined && held.status.mode !== "paused") connect();
    },
    stop() {
      disconnect();
      clearTimeout(held.timer);
    },
    pause() {
      disconnect();
      setMode("paused");
    },
    resume() {
      held.wasLost = true;
      setMode("connecting");
      connect();
    },
    retry: () => held.live?.retry(),
    follow(name, input, onItem) {
      const key = JSON.stringify([name, input]);
      const feed = feeds.get(key) ?? createShared(name, input);
      // A feed's items are of its own type: the key has its name.
      const listener = onItem as (item: LiveItem<FeedName>) => void;
      if (!feeds.has(key)) {
        feeds.set(key, feed);
        if (held.live !== undefined) feed.leave = feed.open(held.live);
      }
      feed.listeners.add(listener);
      if (feed.first !== undefined) listener(feed.first);
      return () => {
        feed.listeners.delete(listener);
        if (feed.listeners.size > 0) return;
        feed.leave?.();
        feeds.delete(key);
      };
    },
    onReconnected(listener) {
      reconnected.add(listener);
      return () => reconnected.delete(listener);
    },
  };
}

function createShared<Name extends FeedName>(name: Name, input: FeedTypes[Name]["input"]): Shared {
  const shared: Shared = {
    listeners: new Set(),
    open: (live) =>
      live.follow(name, input, {
        onItem(item) {
          if (item.type === "snapshot" || item.type === "sample") shared.first = item;
          for (const listener of shared.listeners) listener(item);
        },
      }),
  };
  return shared;
}

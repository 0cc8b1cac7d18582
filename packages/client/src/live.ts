import type { FeedTypes } from "./generated/operations.ts";

export type FeedName = keyof FeedTypes;

/** Something new in a feed. */
export interface LiveItem<Name extends FeedName> {
  /** Noun and verb, for example `model.loaded`. */
  readonly type: string;
  readonly data: FeedTypes[Name]["item"];
}

/** How the connection is: `connecting` for the first time, `reconnecting` after it was lost, `stopped` when it was let go. */
export type LiveState = "connecting" | "live" | "reconnecting" | "stopped";

export interface LiveOptions {
  /** A one-time ticket for each try to connect; undefined where the server asks for none. */
  ticket(): Promise<string | undefined>;
  onState(state: LiveState): void;
  /** Default: the WebSocket of the platform that this runs on. */
  readonly random?: () => number;
}

/** Feeds of a server over one connection, which is made anew when it is lost. */
export interface Live {
  /**
   * Calls `onItem` with each item, and `onError` with what the server says when it does not let this caller follow. A
   * feed that can be gone on from is, after a connection was lost; others begin anew with a snapshot.
   * @returns what ends it
   */
  follow<Name extends FeedName>(
    name: Name,
    input: FeedTypes[Name]["input"],
    handlers: { onItem(item: LiveItem<Name>): void; onError?(message: string): void },
  ): () => void;
  /** Tries to connect now instead of when it is time. */
  retry(): void;
  stop(): void;
}

interface Followed {
  readonly name: FeedName;
  readonly input: object;
  /** Of the last item, in feeds that can be gone on from. */
  lastId?: string;
  tell(type: string, data: unknown): void;
  fail(message: string): void;
}

interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly item_id?: string;
  readonly data?: unknown;
}

const firstDelayMs = 500;
const longestDelayMs = 15_000;
/** The server answers each ping; one that does not for so long is gone, whatever the network says. */
const pingMs = 10_000;

/** @param url of the server, with http or https */
export function connectLive(url: string, options: LiveOptions): Live {
  const followed = new Map<string, Followed>();
  const random = options.random ?? Math.random;
  const state: {
    socket?: WebSocket | undefined;
    isOpen: boolean;
    isStopped: boolean;
    tries: number;
    timer?: ReturnType<typeof setTimeout>;
    ping?: ReturnType<typeof setInterval>;
    isHeard: boolean;
    last: number;
  } = { isOpen: false, isStopped: false, tries: 0, isHeard: true, last: 0 };

  const send = (frame: object) => state.socket?.send(JSON.stringify(frame));
  const ask = (id: string, { name, input, lastId }: Followed) =>
    send({
      type: "feed.follow",
      id,
      data: { name, input: lastId === undefined ? input : { ...input, after_id: lastId } },
    });

  function lost(): void {
    clearInterval(state.ping);
    state.socket = undefined;
    state.isOpen = false;
    if (state.isStopped) return;
    options.onState("reconnecting");
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** state.tries) * (0.5 + random() / 2);
    state.tries++;
    clearTimeout(state.timer);
    state.timer = setTimeout(() => void connect(), delayMs);
  }

  function opened(): void {
    state.isOpen = true;
    state.tries = 0;
    state.isHeard = true;
    state.ping = setInterval(() => {
      if (!state.isHeard) {
        // What waits for a network that is gone would wait for minutes.
        const { socket } = state;
        if (socket !== undefined) socket.onclose = null;
        socket?.close();
        lost();
        return;
      }
      state.isHeard = false;
      send({ type: "ping" });
    }, pingMs);
    options.onState("live");
    for (const [id, each] of followed) ask(id, each);
  }

  function take(text: string): void {
    state.isHeard = true;
    const frame = parseFrame(text);
    if (frame === undefined) return;
    if (frame.type === "session.opened") opened();
    const about = followed.get(frame.id ?? "");
    if (about === undefined || frame.type === "feed.ended") return;
    if (frame.type === "feed.error") {
      followed.delete(frame.id ?? "");
      about.fail(messageOf(frame.data));
      return;
    }
    if (frame.item_id !== undefined) about.lastId = frame.item_id;
    about.tell(frame.type, frame.data);
  }

  async function connect(): Promise<void> {
    if (state.isStopped || state.socket !== undefined) return;
    let ticket: string | undefined;
    try {
      ticket = await options.ticket();
    } catch {
      // The server does not answer, or the login is over: both are tried again, and told by the state.
      lost();
      return;
    }
    if (state.isStopped || state.socket !== undefined) return;
    const query = ticket === undefined ? "" : `?ticket=${encodeURIComponent(ticket)}`;
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws${query}`);
    state.socket = socket;
    socket.onmessage = ({ data }) => take(String(data));
    socket.onclose = lost;
  }

  options.onState("connecting");
  void connect();
  return {
    follow(name, input, { onItem, onError }) {
      const id = `${name}-${++state.last}`;
      const each: Followed = {
        name,
        input,
        // The server's contract is drift-tested against the types; its frames are not checked a second time.
        tell: (type, data) => onItem({ type, data: data as FeedTypes[typeof name]["item"] }),
        fail: (message) => onError?.(message),
      };
      followed.set(id, each);
      if (state.isOpen) ask(id, each);
      return () => {
        if (followed.delete(id) && state.isOpen) send({ type: "feed.leave", id });
      };
    },
    retry() {
      if (state.socket !== undefined || state.isStopped) return;
      clearTimeout(state.timer);
      void connect();
    },
    stop() {
      state.isStopped = true;
      clearTimeout(state.timer);
      clearInterval(state.ping);
      state.socket?.close();
      options.onState("stopped");
    },
  };
}

function parseFrame(text: string): Frame | undefined {
  try {
    // As above: every frame of the server has a type.
    return JSON.parse(text) as Frame;
  } catch {
    // Not ours; a proxy's own word is no news.
    return undefined;
  }
}

function messageOf(data: unknown): string {
  if (typeof data === "object" && data !== null && "error" in data) {
    const { error } = data;
    if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  }
  return "The server does not let this be followed.";
}

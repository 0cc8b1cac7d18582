import type { Permission } from "../../core/permissions.ts";

/** One path of the surface. */
export interface Channel {
  readonly path: string;
  readonly permission: Permission;
  readonly summary: string;
  /** The feed that is followed from the start, under its own name as id, with the query for its input. */
  readonly feed?: string;
  /** Largest message in bytes. */
  readonly mostBytes: number;
}

const small = 64 * 1024;
const large = 1024 * 1024;

/** On each of them operations can be called and feeds followed; models on the first alone. */
export const channels = {
  chat: {
    path: "/ws/chat",
    permission: "inference.call",
    summary: "Calls of models, several at once.",
    mostBytes: large,
  },
  models: {
    path: "/ws/models",
    permission: "models.read",
    summary: "A snapshot of models and integrations, then what becomes of them.",
    feed: "models",
    mostBytes: small,
  },
  metrics: {
    path: "/ws/metrics",
    permission: "metrics.read",
    summary: "Samples of metrics: `?interval_seconds=1&series=NAME,NAME`.",
    feed: "metrics",
    mostBytes: small,
  },
  events: {
    path: "/ws/events",
    permission: "events.read",
    summary: "What changes: `?after_id=ID&integration=NAME`.",
    feed: "events",
    mostBytes: small,
  },
  control: {
    path: "/ws",
    permission: "self.read",
    summary: "Operations, and feeds of the client's choice.",
    mostBytes: large,
  },
} as const satisfies Readonly<Record<string, Channel>>;

export type ChannelName = keyof typeof channels;

// Only literals stand in the table above.
export const channelNames = Object.keys(channels) as ChannelName[];

import type { JsonObject } from "@llm-platform/kit";

/**
 * What replicas tell each other: `identity` when a user, a key or a session was changed, `event` for an event, `leader` when
 * nobody leads any more, `alerts` for the alerts that one finds to fire, `log_levels` when those were set, `pull` when a
 * pull got on, `pull_order` for what is to be done to a pull of another replica, and `pull_answer` for what became of that.
 */
export const busTopics = [
  "identity",
  "event",
  "leader",
  "alerts",
  "log_levels",
  "pull",
  "pull_order",
  "pull_answer",
] as const;

export type BusTopic = (typeof busTopics)[number];

export type BusListener = (data: JsonObject, replica: string) => void;

/**
 * Word from one replica to all others. It is not kept: who is not connected misses it, and is told so by `onGap` later.
 */
export interface Bus {
  /** Tells all others, as far as they can be reached. Never throws, and never waits. */
  publish(topic: BusTopic, data: JsonObject): void;
  /** Calls `listener` with what others publish; what this replica publishes does not come back to it. */
  subscribe(topic: BusTopic, listener: BusListener): void;
  /** Calls `listener` when something may have been missed. */
  onGap(listener: () => void): void;
}

/** The bus of a replica that is the only one: there is nobody to tell. */
export const loneBus: Bus = {
  publish: () => undefined,
  subscribe: () => undefined,
  onGap: () => undefined,
};

import type { JsonObject } from "./chat.ts";

/** Something that changed. */
export interface PlatformEvent {
  /** Rises by one with each event of this store. */
  readonly id: number;
  /** When, as ISO 8601 in UTC. */
  readonly time: string;
  /** Name of the integration it is about; empty where it is about none. */
  readonly integration: string;
  /** Noun and verb, e.g. `integration.state_changed`, `models.changed`. */
  readonly type: string;
  readonly data: JsonObject;
}

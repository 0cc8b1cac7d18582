import type { JsonObject } from "./chat.ts";

/** A model server that was found, as an integration that the host is to run. */
export interface FoundServer {
  /** The name of the integration: the same for as long as it is the same server. As names in the configuration are. */
  readonly name: string;
  /** Which definition it is an instance of: one of a model platform. */
  readonly use: string;
  readonly settings: JsonObject;
}

/** The ability of an integration that finds model servers while the platform runs. */
export interface ServerDiscovery {
  /** Those that are there now. When they are others than before, `servers.changed` is emitted. */
  servers(): readonly FoundServer[];
}

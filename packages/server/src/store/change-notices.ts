/** What replicas tell each other of: users and keys, keys that sign tokens, integrations that were added or removed, saved configurations, budgets, prices, routes. */
export type ChangeTopic =
  | "identity"
  | "signing_keys"
  | "integrations"
  | "integration_config"
  | "budgets"
  | "prices"
  | "routes";

/** What another replica has changed, or that for a while nothing was heard and anything may have been. */
export type RemoteChange =
  | { readonly type: "changed"; readonly name: string | undefined }
  | { readonly type: "missed" };

export type ChangeListener = (change: RemoteChange) => void;

/** Word of changes between the replicas that share a database. Where there is one server only, nobody is told. */
export interface ChangeNotices {
  /** Tells the others of a change that is committed. Rejects with PlatformError `unavailable`. */
  announce(topic: ChangeTopic, name?: string): Promise<void>;
  /** Calls `listener` for changes of others. Own ones are not told. */
  onRemote(topic: ChangeTopic, listener: ChangeListener): void;
}

/** Of a database that one server has for itself. */
export const noReplicas: ChangeNotices = {
  announce: async () => undefined,
  onRemote: () => undefined,
};

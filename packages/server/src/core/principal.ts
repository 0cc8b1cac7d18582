/** Who makes a call. */
export interface Principal {
  /** Name shown in the ledger: of the API key, or `anonymous` for a caller from this machine without one. */
  readonly name: string;
  /** How the caller proved it. */
  readonly kind: "api_key" | "anonymous";
  /** Calls a minute at most; undefined for no limit. */
  readonly requestsPerMinute: number | undefined;
}

/** A caller from this machine, while no key is configured. */
export const anonymous: Principal = { name: "anonymous", kind: "anonymous", requestsPerMinute: undefined };

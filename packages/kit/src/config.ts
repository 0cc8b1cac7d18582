/** What kind of part an integration is. */
export const integrationTypes = ["model_platform", "monitoring", "api", "service"] as const;
export type IntegrationType = (typeof integrationTypes)[number];

/**
 * Where an integration may connect to, judged by the address that a name resolves to: `private` for this machine and private
 * networks, `public` for all others, `any` for both. Addresses where clouds keep a machine's credentials are in none.
 */
export const networkReaches = ["private", "public", "any"] as const;
export type NetworkReach = (typeof networkReaches)[number];

/** How often and how fast a failing integration is tried again. */
export interface RetryConfig {
  /** Failed probes before a restart. Range 1–100, default 3. */
  readonly max_retries: number;
  /** Each wait is this many times the one before. Range 1–10, default 2. */
  readonly backoff_factor: number;
  /** Longest wait between two tries, in seconds. Range 1–3600, default 300. */
  readonly max_backoff: number;
}

/** Configuration of one instance, in the words that users write. */
export interface IntegrationConfig {
  /** Unique; the {name} of the REST paths. */
  readonly name: string;
  readonly type: IntegrationType;
  /** Which definition it is an instance of. */
  readonly use: string;
  readonly enabled: boolean;
  /** Order among equals and routing preference, higher first. Default 100. */
  readonly priority: number;
  /** Names of integrations that are started before and stopped after this one. */
  readonly dependencies: readonly string[];
  /** Validated by the definition's own schema. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Seconds between two probes. Default 60. */
  readonly health_check_interval: number;
  readonly retry_config: RetryConfig;
  /** Default any. */
  readonly network?: NetworkReach | undefined;
}

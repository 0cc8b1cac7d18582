/** The answer to one probe. */
export interface Health {
  /**
   * `ok`: all is well. `degraded`: works, with a loss that `detail` names.
   * `failed`: does not work. `auth_required`: works again only with another credential.
   */
  readonly status: "ok" | "degraded" | "failed" | "auth_required";
  /** One sentence for a person; no secret in it. */
  readonly detail?: string;
}

/** States of an integration: the same words in API, metric, console and log. */
export const integrationStates = [
  "disabled",
  "starting",
  "running",
  "degraded",
  "retrying",
  "auth_required",
  "stopping",
  "stopped",
  "error",
] as const;
export type IntegrationState = (typeof integrationStates)[number];

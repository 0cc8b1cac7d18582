/** What happens to a call that cannot be put on record: it goes on, or it is refused. */
export const auditPolicies = ["normal", "strict"] as const;

export type AuditPolicy = (typeof auditPolicies)[number];

/** What else holds for the calls of a key. */
export interface KeyPolicy {
  /** Undefined where the configuration says it for all. */
  readonly audit: AuditPolicy | undefined;
  /** Whether what is asked and answered is kept, sealed, for a while. */
  readonly capturesContent: boolean;
}

/** Of callers without a key. */
export const noPolicy: KeyPolicy = { audit: undefined, capturesContent: false };

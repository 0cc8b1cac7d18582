import { PlatformError } from "@llm-platform/kit";
import type { AuditPolicy } from "../core/key-policy.ts";
import type { Stage } from "./stage.ts";

export interface AuditStageParts {
  /** Of callers whose key says nothing. */
  readonly policy: AuditPolicy;
  /** Whether calls can be put on record now. Asked for each call. */
  canRecord(): boolean;
}

/** Refuses calls that must be on record, while they cannot be. */
export function createAuditStage({ policy, canRecord }: AuditStageParts): Stage {
  return (next) => (call) => {
    if (canRecord() || (call.principal.policy.audit ?? policy) === "normal") return next(call);
    return Promise.reject(
      new PlatformError(
        "audit_unavailable",
        "The call was not made, because this key's calls must be on record and no record can be written. An admin has to look at the disk of the data folder.",
        { retryAfterMs: 5_000 },
      ),
    );
  };
}

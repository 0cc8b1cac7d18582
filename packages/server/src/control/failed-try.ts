import { toPlatformError } from "@llm-platform/kit";
import { sourceOf } from "../core/error-status.ts";
import type { Caller, Refusal } from "./auditor.ts";
import { RefreshReused } from "./login/sessions.ts";
import type { OperationContext } from "./operation.ts";

/** Who tries, and where that is put on record. */
export type Tried = Caller & Pick<OperationContext, "auditor">;

/**
 * Has a failed try of what anybody may call on record like any other refusal: one a second, and the count of the rest.
 * That a refresh token came twice, which ends a session, is on record each time.
 */
export function noteRefusal(
  tried: Tried,
  { error, ...refusal }: Omit<Refusal, "error"> & { readonly error: unknown },
): void {
  const { auditor } = tried;
  if (error instanceof RefreshReused)
    auditor.noteLoss(tried, "auth.refresh_reused", { type: "session", id: error.sessionId, name: null });
  const failure = toPlatformError(error);
  if (sourceOf(failure) === "policy") auditor.noteRefusal(tried, { ...refusal, error: failure });
}

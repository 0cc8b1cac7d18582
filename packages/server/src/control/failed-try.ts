import { toPlatformError } from "@llm-platform/kit";
import { sourceOf } from "../core/error-status.ts";
import type { OperationContext } from "./operation.ts";

/** Has a failed try of what anybody may call on record like any other refusal: one a second, and the count of the rest. */
export function noteRefusal(context: OperationContext, operation: string, error: unknown): void {
  const failure = toPlatformError(error);
  if (sourceOf(failure) === "policy") context.auditor.noteRefusal(context, operation, failure);
}

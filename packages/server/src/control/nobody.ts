import { toPlatformError } from "@llm-platform/kit";
import { sourceOf } from "../core/error-status.ts";
import type { Caller } from "./auditor.ts";
import type { OperationContext } from "./operation.ts";

/** Who calls what anybody may call is nobody yet; whom it is for is told as the record's target. */
export function asNobody({ address, requestId }: OperationContext): Caller {
  return { principal: undefined, address, requestId };
}

/** Has a failed try on record like any other refusal: one a second, and the count of the rest. */
export function noteRefusal(context: OperationContext, operation: string, error: unknown): void {
  const failure = toPlatformError(error);
  if (sourceOf(failure) === "policy") context.auditor.noteRefusal(asNobody(context), operation, failure);
}

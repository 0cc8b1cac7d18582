import type { IncomingMessage } from "node:http";
import { PlatformError } from "@llm-platform/kit";
import type { Auditor, Caller } from "../control/auditor.ts";
import type { OperationContext } from "../control/operation.ts";
import { sourceOf } from "../core/error-status.ts";
import { newRequestId } from "../wire/request-id.ts";
import type { Authenticator } from "./authenticate.ts";
import { addressOf, type ReadCaller } from "./client-address.ts";
import type { ProtectedResource } from "./protected-resource.ts";
import { toTraceparent } from "./traceparent.ts";

export interface OperationCallerParts {
  readonly authenticator: Authenticator;
  readonly auditor: Auditor;
  readonly readCaller: ReadCaller;
}

export interface OperationCallInput {
  /** What the audit log calls what was asked for, where nobody knows who asks. */
  readonly name: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Default: a new one. */
  readonly requestId?: string;
  readonly resource?: ProtectedResource;
}

/** Who asks for an operation over HTTP. Rejects as the authenticator does; that somebody was refused is put on record. */
export async function openOperationCall(
  { authenticator, auditor, readCaller }: OperationCallerParts,
  request: IncomingMessage,
  { name, signal, requestId = newRequestId(), resource }: OperationCallInput,
): Promise<OperationContext> {
  const caller: Caller = { principal: undefined, address: addressOf(request, readCaller), requestId };
  try {
    const principal = await authenticator.authenticate(request.headers, resource);
    const traceparent = toTraceparent(request.headers["traceparent"]);
    return { ...caller, principal, auditor, signal, traceparent };
  } catch (error) {
    if (error instanceof PlatformError && sourceOf(error) === "policy")
      auditor.noteRefusal(caller, { operation: name, error });
    throw error;
  }
}

import { PlatformError } from "@llm-platform/kit";
import { sourceOf } from "../../core/error-status.ts";
import { requirePermission } from "../../core/permissions.ts";
import { anonymous, type Principal } from "../../core/principal.ts";
import type { Auditor } from "../../control/auditor.ts";
import type { Authenticator, CallerHeaders } from "../authenticate.ts";
import type { CallContext, GrpcMethod } from "./method.ts";

export interface AdmissionParts {
  readonly authenticator: Authenticator;
  readonly auditor: Auditor;
}

/** Who calls, and with `optional` access why it is nobody. */
export interface Admitted {
  readonly principal: Principal;
  readonly refusal: unknown;
}

const nobody: Admitted = { principal: anonymous, refusal: undefined };

/** Says who calls. Throws, or rejects with, PlatformError for a caller who may not. */
export function admitCaller(
  { authenticator, auditor }: AdmissionParts,
  {
    method: { access, path },
    requestId,
    address,
  }: Pick<CallContext, "requestId" | "address"> & { readonly method: GrpcMethod },
  credentials: CallerHeaders,
): Admitted | Promise<Admitted> {
  if (access === "public") return nobody;
  const allow = (principal: Principal): Admitted => {
    if (access !== "known" && access !== "optional") requirePermission(principal, access);
    return { principal, refusal: undefined };
  };
  const refuse = (error: unknown): Admitted => {
    if (access === "optional") return { principal: anonymous, refusal: error };
    // Calls of models are on record in the ledger alone, as over HTTP.
    if (error instanceof PlatformError && sourceOf(error) === "policy" && access !== "inference.call")
      auditor.noteRefusal({ requestId, address, principal: undefined }, { operation: path.slice(1), error });
    throw error;
  };
  try {
    const principal = authenticator.authenticate(credentials);
    return principal instanceof Promise ? principal.then(allow).catch(refuse) : allow(principal);
  } catch (error) {
    return refuse(error);
  }
}

import type { IncomingMessage } from "node:http";
import { PlatformError } from "@llm-platform/kit";
import type { Auditor, Caller } from "../../control/auditor.ts";
import { sourceOf } from "../../core/error-status.ts";
import { anonymous, type Principal } from "../../core/principal.ts";
import { newRequestId } from "../../wire/request-id.ts";
import type { Authenticator, CallerHeaders } from "../authenticate.ts";
import { toTraceparent } from "../traceparent.ts";
import { addressOf, type ReadAddress, type ReadCaller } from "../client-address.ts";

export interface CallerParts {
  readonly authenticator: Authenticator;
  readonly auditor: Auditor;
  readonly readCaller: ReadCaller;
  /** Finds out what callers are counted by; undefined where no address has a limit. */
  readonly readAddress: ReadAddress | undefined;
}

/** Where a request comes from. */
export interface Origin {
  readonly request: IncomingMessage;
  readonly peer: string;
}

/** Who asks the graph. */
export interface GraphCaller extends Caller {
  readonly principal: Principal;
  /** Why nobody knows who it is; undefined for one who is known. */
  readonly unknownCaller: PlatformError | undefined;
  readonly limitAddress: string | undefined;
  /** W3C traceparent of the client. */
  readonly traceparent: string | undefined;
}

/**
 * Says who asks. One without a key or a token is a caller whom nobody knows, and may ask for what anybody may.
 * Rejects with PlatformError as the authenticator does, and has that on record.
 */
export async function openCaller(
  { authenticator, auditor, readCaller, readAddress }: CallerParts,
  { request, peer }: Origin,
  headers: CallerHeaders,
): Promise<GraphCaller> {
  const forwardedFor = request.headers["x-forwarded-for"];
  const caller = {
    address: addressOf(request, readCaller),
    requestId: newRequestId(),
    limitAddress: readAddress?.(peer, typeof forwardedFor === "string" ? forwardedFor : undefined),
    traceparent: toTraceparent(request.headers["traceparent"]),
  };
  try {
    const principal = await authenticator.authenticate(headers, "/graphql");
    return { ...caller, principal, unknownCaller: undefined };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    if (error.code === "unauthenticated" && !hasCredential(headers))
      return { ...caller, principal: anonymous, unknownCaller: error };
    if (sourceOf(error) === "policy")
      auditor.noteRefusal({ ...caller, principal: undefined }, { operation: "graphql", error });
    throw error;
  }
}

function hasCredential(headers: CallerHeaders): boolean {
  return (headers.authorization ?? headers["x-api-key"] ?? headers["api-key"]) !== undefined;
}

/** The headers of a browser that was asked for a name and a password: the password is the key or the token. */
export function withoutBasic(headers: CallerHeaders): CallerHeaders {
  const [, encoded] = /^basic\s+([\w+/=-]+)$/i.exec(headers.authorization ?? "") ?? [];
  if (encoded === undefined) return headers;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  return { ...headers, authorization: `Bearer ${text.slice(text.indexOf(":") + 1)}` };
}

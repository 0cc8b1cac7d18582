import type { IncomingMessage } from "node:http";
import { PlatformError } from "@llm-platform/kit";
import type { Auditor, Caller } from "../../control/auditor.ts";
import type { Tickets } from "../../control/tickets.ts";
import { sourceOf } from "../../core/error-status.ts";
import type { Principal } from "../../core/principal.ts";
import { newRequestId } from "../../wire/request-id.ts";
import type { Authenticator } from "../authenticate.ts";
import type { ReadAddress, ReadCaller } from "../client-address.ts";
import { toTraceparent } from "../traceparent.ts";
import { isSameOrigin, type PublicAddress } from "../public-origin.ts";
import { type ChannelName, channels } from "./channels.ts";

export interface AdmissionParts {
  readonly authenticator: Authenticator;
  readonly tickets: Tickets;
  readonly auditor: Auditor;
  readonly readCaller: ReadCaller;
  /** Undefined where no address has a limit. */
  readonly readAddress: ReadAddress | undefined;
  readonly address: PublicAddress;
  /** Origins of pages that may connect, beside the server's own. */
  readonly allowedOrigins: readonly string[];
}

/** Who has a connection. */
export interface SocketCaller {
  /** As of the last look. */
  principal: Principal;
  /** Of the client; undefined where it is not known. */
  readonly address: string | undefined;
  /** What the client's address is counted by; undefined where none has a limit. */
  readonly countedAddress: string | undefined;
  /** W3C traceparent of the handshake, for calls that bring none of their own. */
  readonly traceparent: string | undefined;
  /** Who that is now. Rejects with PlatformError `unauthenticated` once the key, token or session works no longer. */
  identify(): Promise<Principal>;
}

/** A request to a channel. */
export interface Knock {
  readonly request: IncomingMessage;
  /** Address of the connection's other end. */
  readonly peer: string;
  readonly channel: ChannelName;
  /** Whether it is an upgrade, which a ticket is good for. */
  readonly isUpgrade: boolean;
}

/** What may stand in the address of a channel. */
const queryNames = ["ticket", "series", "interval_seconds", "after_id", "integration"];
const secretNames = /token|key|auth|secret|password|bearer/i;
const bearerProtocol = "bearer.";

/**
 * Lets a request to a channel in.
 * Rejects with PlatformError: `forbidden` for a page that may not connect or a caller who may not use the channel,
 * `invalid_request` for a query that must not be, `unauthenticated`, `unavailable`.
 */
export async function admit(knock: Knock, parts: AdmissionParts): Promise<SocketCaller> {
  const { request, peer, channel } = knock;
  const { auditor, readCaller, readAddress } = parts;
  const forwardedFor = [request.headers["x-forwarded-for"] ?? []].flat().join(",");
  const address = readCaller(peer, forwardedFor) || undefined;
  const caller: Caller = { principal: undefined, address, requestId: newRequestId() };
  try {
    requireOrigin(request, parts);
    const identify = await findIdentity(knock, parts);
    const principal = await identify();
    auditor.require({ ...caller, principal }, `ws.${channel}`, channels[channel].permission);
    return {
      principal,
      address,
      countedAddress: readAddress?.(peer, forwardedFor),
      traceparent: toTraceparent(request.headers["traceparent"]),
      identify,
    };
  } catch (error) {
    if (error instanceof PlatformError && error.code !== "forbidden" && sourceOf(error) === "policy")
      auditor.noteRefusal(caller, { operation: `ws.${channel}`, error });
    throw error;
  }
}

/** A browser sends cookies and an Origin with what any page asks it to; another client sends neither. */
function requireOrigin({ headers }: IncomingMessage, { address, allowedOrigins }: AdmissionParts): void {
  const { origin, cookie } = headers;
  if (origin === undefined) {
    if (cookie === undefined) return;
    throw new PlatformError("forbidden", "A request with a cookie and without an Origin is not let in.");
  }
  if (allowedOrigins.includes(origin) || isSameOrigin(address, headers)) return;
  throw new PlatformError(
    "forbidden",
    "Pages of this origin may not connect. Add it to websocket.allowed_origins if they should.",
  );
}

async function findIdentity(
  { request, isUpgrade }: Knock,
  { authenticator, tickets }: AdmissionParts,
): Promise<() => Promise<Principal>> {
  const ticket = readQuery(request);
  const { authorization, host, origin } = request.headers;
  const bearer = bearerOf(request);
  if (authorization === undefined && bearer === undefined && ticket !== null && isUpgrade) {
    const holder = await tickets.redeem(ticket);
    return () => tickets.identify(holder);
  }
  const headers = {
    host,
    origin,
    authorization: authorization ?? (bearer === undefined ? undefined : `Bearer ${bearer}`),
    "x-api-key": request.headers["x-api-key"],
    "api-key": request.headers["api-key"],
  };
  return async () => authenticator.authenticate(headers);
}

/** The ticket of a request; null without one. Throws PlatformError `invalid_request` for what must not be in an address. */
function readQuery({ url = "" }: IncomingMessage): string | null {
  const query = new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?")) : "");
  for (const name of query.keys()) {
    if (queryNames.includes(name)) continue;
    // Addresses are kept in logs and histories along the way.
    if (secretNames.test(name)) {
      throw new PlatformError(
        "invalid_request",
        "A key or a token must not be in the address. Send it as `Authorization`, as the protocol `bearer.TOKEN`, or get a ticket from POST /api/v1/auth/tickets.",
        { field: name },
      );
    }
    const known = queryNames.join(", ");
    throw new PlatformError("invalid_request", `The query may have these alone: ${known}.`, { field: name });
  }
  return query.get("ticket");
}

function bearerOf({ headers }: IncomingMessage): string | undefined {
  const offered = headers["sec-websocket-protocol"]?.split(",") ?? [];
  const found = offered.map((each) => each.trim()).find((each) => each.startsWith(bearerProtocol));
  return found?.slice(bearerProtocol.length);
}

/** What the query says to the feed of a channel. */
export function feedInputOf({ url = "" }: IncomingMessage): object {
  const { ticket: _ticket, ...input } = Object.fromEntries(
    new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?")) : ""),
  );
  return input;
}

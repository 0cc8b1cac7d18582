import type { IncomingMessage, ServerResponse } from "node:http";
import { type Operation, PlatformError, type Reply, toPlatformError } from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import { requirePermission } from "../core/permissions.ts";
import type { LimitVerdict } from "../core/limits.ts";
import type { Principal } from "../core/principal.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { GatewayCall } from "../gateway/gateway-call.ts";
import type { PlatformLog } from "../telemetry/log.ts";
import type { FastRoute } from "../wire/client-connection.ts";
import { type ClientReply, headerLine } from "../wire/client-reply.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import type { HttpHead } from "../wire/http-head.ts";
import { newRequestId } from "../wire/request-id.ts";
import { scanRequest } from "../wire/request-scan.ts";
import type { Authenticator, CallerHeaders } from "./authenticate.ts";
import type { ReadAddress } from "./client-address.ts";
import { errorHeaders } from "./error-envelope.ts";
import { limitLines } from "./limit-headers.ts";
import { HttpReply } from "./http-reply.ts";
import { readBody } from "./read-body.ts";
import type { HttpRoute } from "../core/http-route.ts";
import { StreamWriter } from "./stream-writer.ts";
import type { SurfaceDialect } from "./surface-dialect.ts";
import { WholeWriter } from "./whole-writer.ts";

export interface InferenceParts {
  readonly gateway: Gateway;
  readonly authenticator: Authenticator;
  readonly log: PlatformLog;
  readonly deadlines: Deadlines;
  readonly maxBodyBytes: number;
  /** How long the head of a stream waits for content before it is sent without. */
  readonly headerHoldMs: number;
  readonly heartbeatMs: number;
  /** Finds out what callers are counted by; undefined where no address has a limit. */
  readonly readAddress: ReadAddress | undefined;
  /** Takes over requests that another process of the platform is to serve; returns false for one that stays here. */
  readonly forward?: ((request: ReadRequest) => boolean) | undefined;
}

/** A request of a caller who is known, read whole. */
export interface ReadRequest {
  /** The model that it names. */
  readonly model: string;
  readonly endpoint: InferenceEndpoint;
  readonly head: HttpHead;
  readonly body: Buffer;
  readonly client: ClientReply;
  /** Address of the connection's other end. */
  readonly peer: string;
}

/** One endpoint that calls a model. */
export interface InferenceEndpoint {
  readonly operation: Operation;
  readonly surface: SurfaceDialect;
  /** What the dialect takes an absent `stream` for. */
  readonly streamDefault: boolean;
  /** Restricts the endpoint to one integration. */
  readonly integration?: string;
}

/** Handles one request of node:http. `peer` is the address of the connection's other end. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse, peer: string) => void;

/** An endpoint on both lanes. */
export interface InferenceHandler {
  readonly handle: RequestHandler;
  readonly fast: FastRoute;
}

/** The handlers of an endpoint. */
export function createInferenceHandler(parts: InferenceParts, endpoint: InferenceEndpoint): InferenceHandler {
  const { authenticator, maxBodyBytes } = parts;
  return {
    handle: (request, response, peer) => {
      const client = new HttpReply(response);
      const origin = { peer, forwardedFor: toForwardedFor(request.headers["x-forwarded-for"]) };
      const refuseCaller = (thrown: unknown): void =>
        refuseUnread(response, { id: newRequestId(), error: toPlatformError(thrown), endpoint });
      const admit = (principal: Principal): void => {
        const traceparent = toTraceparent(request.headers["traceparent"]);
        readBody(request, maxBodyBytes, (error, body) => {
          if (error === undefined)
            serve({ parts, endpoint, principal, traceparent, body, client, origin, head: undefined });
          else refuseUnread(response, { id: newRequestId(), error, endpoint });
        });
      };
      try {
        if (request.method !== "POST") throw methodNotAllowed(request);
        const caller = admitCaller(authenticator, request.headers);
        if (caller instanceof Promise) caller.then(admit, refuseCaller);
        else admit(caller);
      } catch (thrown) {
        refuseCaller(thrown);
      }
    },
    fast: {
      maxBodyBytes,
      admit(head, peer) {
        const caller = recognise(authenticator, head);
        if (caller === undefined) return undefined;
        const traceparent = toTraceparent(head.traceparent);
        const origin = { peer, forwardedFor: head["x-forwarded-for"] };
        if (caller instanceof Promise) {
          return (body, client) =>
            serveLater(caller, { parts, endpoint, traceparent, body, client, origin, head });
        }
        return (body, client) =>
          serve({ parts, endpoint, principal: caller, traceparent, body, client, origin, head });
      },
    },
  };
}

/** Puts endpoints in their places. */
export function mountInference(endpoints: Readonly<Record<string, InferenceHandler>>): {
  readonly routes: readonly HttpRoute[];
  readonly paths: ReadonlyMap<string, RequestHandler>;
  readonly fast: ReadonlyMap<string, FastRoute>;
} {
  const entries = Object.entries(endpoints);
  return {
    routes: entries.map(([path]) => ({ method: "POST", path, access: inferencePermission })),
    paths: new Map(entries.map(([path, { handle }]) => [path, handle])),
    fast: new Map(entries.map(([path, { fast }]) => [path, fast])),
  };
}

const inferencePermission = "inference.call";

/** Who calls. Throws, or rejects with, PlatformError for a caller who may not. */
function admitCaller(authenticator: Authenticator, headers: CallerHeaders): Principal | Promise<Principal> {
  const caller = authenticator.authenticate(headers);
  return caller instanceof Promise ? caller.then(requireInference) : requireInference(caller);
}

function requireInference(principal: Principal): Principal {
  requirePermission(principal, inferencePermission);
  return principal;
}

/** Who calls; undefined for a caller whom node:http is to refuse. */
function recognise(
  authenticator: Authenticator,
  headers: CallerHeaders,
): Principal | Promise<Principal> | undefined {
  try {
    const caller = admitCaller(authenticator, headers);
    // The body may come later than the refusal, which waits for it.
    if (caller instanceof Promise) caller.catch(() => undefined);
    return caller;
  } catch {
    return undefined;
  }
}

/** Where a request says that it comes from. */
interface Origin {
  readonly peer: string;
  readonly forwardedFor: string | undefined;
}

interface Exchange {
  readonly parts: InferenceParts;
  readonly endpoint: InferenceEndpoint;
  readonly principal: Principal;
  readonly traceparent: string | undefined;
  readonly body: Buffer;
  readonly client: ClientReply;
  readonly origin: Origin;
  /** As the fast lane read it; undefined on the other. */
  readonly head: HttpHead | undefined;
}

/** Serves a request when it is known who calls. */
function serveLater(caller: Promise<Principal>, exchange: Omit<Exchange, "principal">): void {
  const { client, endpoint } = exchange;
  caller.then(
    (principal) => {
      if (client.isOpen) serve({ ...exchange, principal });
    },
    (thrown: unknown) => refuse(client, { id: newRequestId(), error: toPlatformError(thrown), endpoint }),
  );
}

function serve(exchange: Exchange): void {
  const { parts, endpoint, principal, traceparent, body, client, origin } = exchange;
  const { operation, surface, integration } = endpoint;
  const id = newRequestId();
  try {
    const head = scanRequest(body);
    if (parts.forward !== undefined && isForwarded(head.model, exchange, parts.forward)) return;
    const stream = operation === "embedding" ? false : (head.stream ?? endpoint.streamDefault);
    const { dialect } = surface;
    const address = parts.readAddress?.(origin.peer, origin.forwardedFor);
    answer(
      parts.gateway.open({
        id,
        operation,
        dialect,
        principal,
        address,
        head,
        body,
        stream,
        integration,
        traceparent,
      }),
      exchange,
    );
  } catch (thrown) {
    refuse(client, { id, error: toPlatformError(thrown), endpoint });
  }
}

function isForwarded(
  model: string,
  { endpoint, head, body, client, origin: { peer } }: Exchange,
  forward: (request: ReadRequest) => boolean,
): boolean {
  return head !== undefined && forward({ model, endpoint, head, body, client, peer });
}

function answer(call: GatewayCall, { parts, endpoint, client }: Exchange): void {
  const { gateway, deadlines, headerHoldMs, heartbeatMs } = parts;
  const { surface } = endpoint;
  const headers = (reply: Reply | undefined) => replyHeaders(call, reply);
  const writer = call.stream
    ? new StreamWriter({ call, client, surface, deadlines, headerHoldMs, heartbeatMs, headers })
    : new WholeWriter({ client, headers });
  client.onGone(() => {
    writer.leave();
    call.cancellation.cancel(new PlatformError("client_cancelled", "The client closed the connection."));
  });
  gateway.handle(call).then(
    (reply) => writer.write(reply),
    (error: unknown) => {
      const failure = toPlatformError(error);
      if (failure.code === "internal")
        parts.log.error("inference.failed", { request_id: call.id, error: failure });
      if (writer.isStarted) {
        writer.fail(failure);
        return;
      }
      writer.leave();
      refuse(client, { id: call.id, error: failure, endpoint, limit: call.limit });
    },
  );
}

interface Refusal {
  readonly id: string;
  readonly error: PlatformError;
  readonly endpoint: InferenceEndpoint;
  readonly limit?: LimitVerdict | undefined;
}

function refuse(client: ClientReply, { id, error, endpoint, limit }: Refusal): void {
  if (client.isStarted || !client.isOpen) return;
  const headers = {
    "content-type": "application/json",
    ...errorHeaders(error, id),
    ...(error.code === "method_not_allowed" ? { allow: "POST" } : {}),
  };
  const lines = Object.entries(headers).map(([name, value]) => headerLine(name, value));
  const body = Buffer.from(endpoint.surface.formatError(error, id));
  client.send(statusOf(error.code), lines.join("") + (limit === undefined ? "" : limitLines(limit)), body);
}

/** Refuses a request by node:http of which the body was not read: where that ends cannot be told any more. */
function refuseUnread(response: ServerResponse, refusal: Refusal): void {
  const { code } = refusal.error;
  if (code === "payload_too_large" || code === "unsupported_media_type" || code === "method_not_allowed")
    response.shouldKeepAlive = false;
  refuse(new HttpReply(response), refusal);
}

/** Header lines of a reply that is not an error. */
function replyHeaders(call: GatewayCall, reply: Reply | undefined): string {
  let lines = `x-request-id: ${call.id}\r\n`;
  if (call.servedBy !== undefined) {
    const overheadMs = Math.round((call.sentAtMs - call.startedAtMs) * 100) / 100;
    lines += `${call.servedBy.replyHeaders}x-llmp-attempts: ${call.attempts}\r\nx-llmp-overhead-ms: ${overheadMs}\r\n`;
  }
  const processing = reply?.headers.get("openai-processing-ms");
  if (processing !== undefined && isShortNumber(processing))
    lines += `openai-processing-ms: ${processing}\r\n`;
  return call.limit === undefined ? lines : lines + limitLines(call.limit);
}

const mostDigits = 9;
const digitZero = 0x30;
const digitNine = 0x39;

function isShortNumber(text: string): boolean {
  if (text.length === 0 || text.length > mostDigits) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < digitZero || code > digitNine) return false;
  }
  return true;
}

function methodNotAllowed(request: IncomingMessage): PlatformError {
  return new PlatformError(
    "method_not_allowed",
    `${request.method ?? "This method"} is not possible here. Use POST.`,
  );
}

/** node:http joins several such headers into one text, in their order. */
function toForwardedFor(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.join(",");
}

/** A traceparent that is not well formed starts a new trace; it is never a reason to refuse (W3C Trace Context section 3.2). */
function toTraceparent(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)
    ? value
    : undefined;
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Operation, PlatformError, toPlatformError } from "@llm-platform/kit";
import { toMicroseconds } from "../core/call-stages.ts";
import { requirePermission } from "../core/permissions.ts";
import type { Principal } from "../core/principal.ts";
import type { FastRoute, FastService } from "../wire/client-connection.ts";
import type { ClientReply } from "../wire/client-reply.ts";
import type { HttpHead } from "../wire/http-head.ts";
import { newRequestId } from "../wire/request-id.ts";
import { type RequestHead, scanRequest } from "../wire/request-scan.ts";
import type { Authenticator, CallerHeaders } from "./authenticate.ts";
import type { ReadAddress } from "./client-address.ts";
import { Exchange, type ExchangeParts } from "./exchange.ts";
import { HttpReply } from "./http-reply.ts";
import { readBody } from "./read-body.ts";
import type { HttpRoute } from "../core/http-route.ts";
import type { ProtectedResource } from "./protected-resource.ts";
import { type Refusal, refuse } from "./refusal.ts";
import type { DialectHeaderLines, DialectHeaders, SurfaceDialect } from "./surface-dialect.ts";
import { toTraceparent } from "./traceparent.ts";

export interface InferenceParts extends ExchangeParts {
  readonly authenticator: Authenticator;
  readonly maxBodyBytes: number;
  /** Finds out what callers are counted by; undefined where no address has a limit. */
  readonly readAddress: ReadAddress | undefined;
  /** Takes over requests that another process of the platform is to serve; returns false for one that stays here. */
  readonly forward?: ((request: ReadRequest) => boolean) | undefined;
}

/** A request of a caller who is known, read whole. */
export interface ReadRequest {
  readonly principal: Principal;
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
  /** Says how a request is called where that depends on it; undefined for one that is answered otherwise. */
  readonly choose?: (request: UnchosenRequest) => ChosenCall | undefined;
}

/** A request of which it is to be said how it is called. */
export interface UnchosenRequest {
  readonly requestId: string;
  readonly principal: Principal;
  readonly head: RequestHead;
  readonly body: Buffer;
  readonly client: ClientReply;
  /** Address of the connection's other end, and where the request says that it comes from. */
  readonly peer: string;
  readonly forwardedFor: string | undefined;
}

/** How one request is called. */
export interface ChosenCall extends Pick<InferenceEndpoint, "operation" | "surface"> {
  readonly head: RequestHead;
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
  const { resource } = endpoint.surface;
  return {
    handle: (request, response, peer) => {
      const client = new HttpReply(response);
      const forwardedFor = toForwardedFor(request.headers["x-forwarded-for"]);
      const refuseCaller = (thrown: unknown): void =>
        refuseUnread(response, { id: newRequestId(), error: toPlatformError(thrown), endpoint });
      let dialectHeaders: DialectHeaderLines | undefined;
      const arrivedAtMs = performance.now();
      const admit = (caller: Principal): void => {
        const traceparent = toTraceparent(request.headers["traceparent"]);
        readBody(request, maxBodyBytes, (error, body) => {
          if (error === undefined)
            new AdmittedRequest({
              parts,
              endpoint,
              caller,
              traceparent,
              peer,
              forwardedFor,
              dialectHeaders,
              head: undefined,
              arrivedAtMs,
            }).serve(body, client);
          else refuseUnread(response, { id: newRequestId(), error, endpoint });
        });
      };
      try {
        if (request.method !== "POST") throw methodNotAllowed(request);
        const caller = admitCaller(authenticator, request.headers, resource);
        dialectHeaders = endpoint.surface.readHeaders?.(request.headers);
        if (caller instanceof Promise) caller.then(admit, refuseCaller);
        else admit(caller);
      } catch (thrown) {
        refuseCaller(thrown);
      }
    },
    fast: {
      maxBodyBytes,
      admit(head, peer) {
        const arrivedAtMs = performance.now();
        const known = recognise(authenticator, head, endpoint.surface);
        if (known === undefined) return undefined;
        const { caller, dialectHeaders } = known;
        const traceparent = toTraceparent(head.traceparent);
        const forwardedFor = head["x-forwarded-for"];
        return new AdmittedRequest({
          parts,
          endpoint,
          caller,
          traceparent,
          peer,
          forwardedFor,
          dialectHeaders,
          head,
          arrivedAtMs,
        });
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
function admitCaller(
  authenticator: Authenticator,
  headers: CallerHeaders,
  resource: ProtectedResource,
): Principal | Promise<Principal> {
  const caller = authenticator.authenticate(headers, resource);
  return caller instanceof Promise ? caller.then(requireInference) : requireInference(caller);
}

function requireInference(principal: Principal): Principal {
  requirePermission(principal, inferencePermission);
  return principal;
}

/** Who calls, and what belongs to the body; undefined for a request that node:http is to refuse. */
function recognise(
  authenticator: Authenticator,
  headers: DialectHeaders,
  surface: SurfaceDialect,
): Pick<RequestInput, "caller" | "dialectHeaders"> | undefined {
  try {
    const caller = admitCaller(authenticator, headers, surface.resource);
    // The body may come later than the refusal, which waits for it.
    if (caller instanceof Promise) caller.catch(() => undefined);
    return { caller, dialectHeaders: surface.readHeaders?.(headers) };
  } catch {
    return undefined;
  }
}

interface RequestInput {
  readonly parts: InferenceParts;
  readonly endpoint: InferenceEndpoint;
  /** A promise while the caller is looked up. */
  readonly caller: Principal | Promise<Principal>;
  readonly traceparent: string | undefined;
  /** Where the request says that it comes from. */
  readonly peer: string;
  readonly forwardedFor: string | undefined;
  readonly dialectHeaders: DialectHeaderLines | undefined;
  /** As the fast lane read it; undefined on the other. */
  readonly head: HttpHead | undefined;
  /** Monotonic time at which the head was there. */
  readonly arrivedAtMs: number;
}

/** A request of which the head was read, and whose caller may call. */
class AdmittedRequest implements FastService {
  readonly #parts: InferenceParts;
  readonly #endpoint: InferenceEndpoint;
  readonly #caller: Principal | Promise<Principal>;
  readonly #traceparent: string | undefined;
  readonly #peer: string;
  readonly #forwardedFor: string | undefined;
  readonly #dialectHeaders: DialectHeaderLines | undefined;
  readonly #head: HttpHead | undefined;
  readonly #arrivedAtMs: number;
  #knownAtMs: number;

  constructor({
    parts,
    endpoint,
    caller,
    traceparent,
    peer,
    forwardedFor,
    dialectHeaders,
    head,
    arrivedAtMs,
  }: RequestInput) {
    this.#parts = parts;
    this.#endpoint = endpoint;
    this.#caller = caller;
    this.#traceparent = traceparent;
    this.#peer = peer;
    this.#forwardedFor = forwardedFor;
    this.#dialectHeaders = dialectHeaders;
    this.#head = head;
    this.#arrivedAtMs = arrivedAtMs;
    this.#knownAtMs = performance.now();
  }

  serve(body: Buffer, client: ClientReply): void {
    const caller = this.#caller;
    if (!(caller instanceof Promise)) {
      this.#serve(caller, body, client);
      return;
    }
    caller.then(
      (principal) => {
        this.#knownAtMs = performance.now();
        if (client.isOpen) this.#serve(principal, body, client);
      },
      (thrown: unknown) =>
        refuse(client, { id: newRequestId(), error: toPlatformError(thrown), endpoint: this.#endpoint }),
    );
  }

  #serve(principal: Principal, body: Buffer, client: ClientReply): void {
    const parts = this.#parts;
    const endpoint = this.#endpoint;
    const traceparent = this.#traceparent;
    const id = newRequestId();
    const readAtMs = performance.now();
    try {
      const scanned = scanRequest(body);
      if (
        parts.forward !== undefined &&
        this.#isForwarded(parts.forward, { model: scanned.model, principal, body, client })
      )
        return;
      const chosen = endpoint.choose?.({
        requestId: id,
        principal,
        head: scanned,
        body,
        client,
        peer: this.#peer,
        forwardedFor: this.#forwardedFor,
      });
      if (chosen === undefined && endpoint.choose !== undefined) return;
      const head = chosen?.head ?? scanned;
      const { operation, surface } = chosen ?? endpoint;
      const stream = operation === "embedding" ? false : (head.stream ?? endpoint.streamDefault);
      const { dialect } = surface;
      const call = parts.gateway.open({
        id,
        operation,
        dialect,
        principal,
        address: parts.readAddress?.(this.#peer, this.#forwardedFor),
        head,
        body,
        stream,
        integration: endpoint.integration,
        traceparent,
        dialectHeaders: this.#dialectHeaders,
        arrival: {
          authUs: toMicroseconds(this.#knownAtMs - this.#arrivedAtMs),
          receiveUs: toMicroseconds(readAtMs - this.#knownAtMs),
          readAtMs,
        },
      });
      new Exchange({ parts, endpoint: chosen ?? endpoint, call, client }).begin();
    } catch (thrown) {
      const error = toPlatformError(thrown);
      const { operation } = endpoint;
      parts.gateway.noteUnopened({ id, principal, operation, arrivedAtMs: this.#arrivedAtMs }, error);
      refuse(client, { id, error, endpoint });
    }
  }

  #isForwarded(
    forward: (request: ReadRequest) => boolean,
    request: Pick<ReadRequest, "model" | "principal" | "body" | "client">,
  ): boolean {
    const head = this.#head;
    return head !== undefined && forward({ ...request, endpoint: this.#endpoint, head, peer: this.#peer });
  }
}

/** Refuses a request by node:http of which the body was not read: where that ends cannot be told any more. */
function refuseUnread(response: ServerResponse, refusal: Refusal): void {
  const { code } = refusal.error;
  if (code === "payload_too_large" || code === "unsupported_media_type" || code === "method_not_allowed")
    response.shouldKeepAlive = false;
  refuse(new HttpReply(response), refusal);
}

function methodNotAllowed(request: IncomingMessage): PlatformError {
  return new PlatformError(
    "method_not_allowed",
    `${request.method ?? "This method"} is not possible here. Use POST.`,
  );
}

/** node:http joins several such headers into one text, in their order. */
export function toForwardedFor(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.join(",");
}

import { PlatformError } from "@llm-platform/kit";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { AuditTarget } from "../../core/audit-record.ts";
import type { Permission } from "../../core/permissions.ts";
import type { Auditor, Caller } from "../../control/auditor.ts";
import type { Operation, OperationContext } from "../../control/operation.ts";
import { sourceOf, statusOf } from "../../core/error-status.ts";
import { anonymous, type Principal } from "../../core/principal.ts";
import type { PlatformLog } from "../../telemetry/log.ts";
import { addressOf, type ReadCaller } from "../client-address.ts";
import type { Authenticator } from "../authenticate.ts";
import { errorHeaders, toProblemDetails } from "../error-envelope.ts";
import type { RequestHandler } from "../inference.ts";
import type { HttpRoute } from "../../core/http-route.ts";
import { newRequestId } from "../../wire/request-id.ts";
import { toTraceparent } from "../traceparent.ts";

/** Largest body of a management call. */
const maxBodyBytes = 1024 * 1024;

export interface RestParts {
  readonly operations: readonly Operation[];
  readonly authenticator: Authenticator;
  readonly auditor: Auditor;
  /** Finds out from where a call comes, for the audit log. */
  readonly readCaller: ReadCaller;
  readonly log: PlatformLog;
  /** Routes whose reply is a stream. */
  readonly streams: readonly StreamRoute[];
}

/** A route that may answer with a stream instead of an operation's output. */
export interface StreamRoute {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** That of the operation of the same path, where there is one. */
  readonly permission: Permission;
  /** What the audit log is told of it, unless it only reads. */
  readonly audit: StreamChange | "reads";
  /** Whether this request wants the stream; otherwise the operation of the same path answers. */
  accepts(request: FastifyRequest): boolean;
  /** Writes the whole reply, and resolves when it has ended: with the error that the reply told, if it did. */
  handle(
    request: FastifyRequest,
    reply: FastifyReply,
    signal: AbortSignal,
  ): Promise<PlatformError | undefined>;
}

/** A change that is made while a stream tells how it goes. */
export interface StreamChange {
  readonly operation: string;
  /** Throws PlatformError `invalid_request`. */
  target(request: FastifyRequest): AuditTarget;
}

/** The management API as a handler of node:http requests. */
export interface RestServer {
  readonly routes: readonly HttpRoute[];
  readonly handler: RequestHandler;
  stop(): Promise<void>;
}

/** Builds the routes of every operation. Resolves when requests can be taken. */
export async function createRestServer(parts: RestParts): Promise<RestServer> {
  const app = Fastify({
    bodyLimit: maxBodyBytes,
    genReqId: newRequestId,
    exposeHeadRoutes: true,
  });
  const open = publicRoutes(parts);
  app.decorateRequest("principal");
  app.setErrorHandler((error, request, reply) =>
    sendProblem(parts.log, { error: toRestError(error), request, reply }),
  );
  app.setNotFoundHandler((request, reply) =>
    sendProblem(parts.log, { error: notThere(request, reply, parts), request, reply }),
  );
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    if (hasEmptyParameter(request)) throw notThere(request, reply, parts);
    if (request.headers["content-encoding"] !== undefined) {
      throw new PlatformError(
        "unsupported_media_type",
        "A compressed request body is not accepted. Send it plain.",
      );
    }
    const isOpen = open.has(`${request.method} ${request.routeOptions.url}`);
    request.setDecorator("principal", isOpen ? anonymous : await authenticate(request, parts));
  });
  acceptJson(app);
  for (const operation of parts.operations) addOperation(app, operation, parts);
  for (const stream of parts.streams) {
    if (!parts.operations.some((operation) => isSameRoute(operation, stream))) addStream(app, stream, parts);
  }
  await app.ready();
  return {
    routes: toRoutes(parts),
    handler: (request, response) => app.routing(request, response),
    stop: () => app.close(),
  };
}

function toRoutes({ operations, streams }: RestParts): readonly HttpRoute[] {
  return [
    ...operations.map(({ rest, permission }) => ({ ...rest, access: permission })),
    ...streams.map(({ method, path, permission }) => ({ method, path, access: permission })),
  ];
}

/** Method and path of what anybody may call. */
function publicRoutes({ operations }: RestParts): ReadonlySet<string> {
  const open = operations.filter(({ permission }) => permission === "public");
  return new Set(open.map(({ rest }) => `${rest.method} ${toFastifyPath(rest.path)}`));
}

/** Parameters as Fastify writes them. */
function toFastifyPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

function isSameRoute(operation: Operation, stream: StreamRoute): boolean {
  return operation.rest.path === stream.path && operation.rest.method === stream.method;
}

/** JSON only, an empty body counting as none. */
function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    if (body === "") {
      done(null, undefined);
      return;
    }
    try {
      done(null, JSON.parse(String(body)));
    } catch (error) {
      done(new PlatformError("invalid_request", "The body is not valid JSON.", { cause: error }), undefined);
    }
  });
}

function addOperation(app: FastifyInstance, operation: Operation, parts: RestParts): void {
  const { method, path } = operation.rest;
  const stream = parts.streams.find((each) => isSameRoute(operation, each));
  app.route({
    method,
    url: toFastifyPath(path),
    handler: async (request, reply) => {
      const context = openCall(request, reply, parts);
      if (stream?.accepts(request) === true) {
        await runStream(stream, operation.name, { request, reply, context });
        return reply;
      }
      return operation.run(toInput(request), context);
    },
  });
}

function addStream(app: FastifyInstance, stream: StreamRoute, parts: RestParts): void {
  app.route({
    method: stream.method,
    url: toFastifyPath(stream.path),
    handler: async (request, reply) => {
      const context = openCall(request, reply, parts);
      await runStream(stream, `${stream.method} ${stream.path}`, { request, reply, context });
      return reply;
    },
  });
}

function openCall(
  request: FastifyRequest,
  reply: FastifyReply,
  { auditor, readCaller }: Pick<RestParts, "auditor" | "readCaller">,
): OperationContext {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  // Who calls was found out before the body came.
  const principal = request.getDecorator<Principal>("principal");
  const traceparent = toTraceparent(request.headers["traceparent"]);
  return { ...toCaller(request, readCaller), principal, auditor, signal: gone.signal, traceparent };
}

/** Says who calls. That somebody was refused is put on record. */
async function authenticate(
  request: FastifyRequest,
  { authenticator, auditor, readCaller, operations }: RestParts,
): Promise<Principal> {
  try {
    return await authenticator.authenticate(request.headers);
  } catch (error) {
    if (error instanceof PlatformError && sourceOf(error) === "policy") {
      const { method, url = "" } = request.routeOptions;
      const operation = operations.find(
        ({ rest }) => rest.method === method && toFastifyPath(rest.path) === url,
      );
      const caller = toCaller(request, readCaller);
      auditor.noteRefusal(caller, { operation: operation?.name ?? "unknown", error });
    }
    throw error;
  }
}

function toCaller(request: FastifyRequest, readCaller: ReadCaller): Caller {
  return { principal: undefined, address: addressOf(request.raw, readCaller), requestId: request.id };
}

interface StreamCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly context: OperationContext;
}

async function runStream(
  { audit, permission, handle }: StreamRoute,
  readName: string,
  { request, reply, context }: StreamCall,
): Promise<void> {
  const { auditor, signal } = context;
  const name = audit === "reads" ? readName : audit.operation;
  auditor.require(context, name, permission);
  if (audit === "reads") {
    await handle(request, reply, signal);
    return;
  }
  const target = audit.target(request);
  const intent = { operation: name, caller: context, target, before: null, asked: null };
  try {
    await auditor.change(intent, async () => {
      const error = await handle(request, reply, signal);
      if (error !== undefined) throw error;
      return { result: undefined, target, after: null };
    });
  } catch (error) {
    // What the reply has told already needs no second answer.
    if (!reply.sent) throw error;
  }
}

/** Path, query and body as one object; the path cannot be overridden. */
function toInput(request: FastifyRequest): unknown {
  const { body, query, params } = request;
  if (body !== undefined && body !== null && (typeof body !== "object" || Array.isArray(body))) {
    throw new PlatformError("invalid_request", "The body must be a JSON object.");
  }
  return { ...toObject(query), ...toObject(body), ...toObject(params) };
}

function toObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

interface Problem {
  readonly error: PlatformError;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

async function sendProblem(log: PlatformLog, { error, request, reply }: Problem): Promise<FastifyReply> {
  if (error.code === "internal")
    log.error("rest.failed", { request_id: request.id, path: request.routeOptions.url, error });
  return reply
    .code(statusOf(error.code))
    .headers({ ...errorHeaders(error, request.id), "content-type": "application/problem+json" })
    .serializer((value: unknown) => JSON.stringify(value))
    .send(toProblemDetails(error, request.id));
}

/** Fastify's own errors in our words. */
function toRestError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const status =
    typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;
  switch (status) {
    case 413:
      return new PlatformError("payload_too_large", `The body is larger than ${maxBodyBytes} bytes.`, {
        cause: error,
      });
    case 415:
      return new PlatformError("unsupported_media_type", "The body must be application/json.", {
        cause: error,
      });
    case 400:
      return new PlatformError("invalid_request", "The request is not valid.", { cause: error });
    default:
      return new PlatformError("internal", "An unexpected error occurred.", { cause: error });
  }
}

/** Fastify's router takes nothing at all for a parameter. */
function hasEmptyParameter({ params }: FastifyRequest): boolean {
  return typeof params === "object" && params !== null && Object.values(params).includes("");
}

/** An unknown path, or a known one by another method; then `allow` names those that are possible. */
function notThere(request: FastifyRequest, reply: FastifyReply, parts: RestParts): PlatformError {
  const path = request.url.split("?")[0] ?? "";
  const routes = [...parts.operations.map(({ rest }) => rest), ...parts.streams];
  const known = routes.filter((route) =>
    new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
  if (known.length === 0) return new PlatformError("not_found", "There is nothing at this path.");
  const methods = [...new Set(known.map(({ method }) => method))].join(", ");
  reply.header("allow", methods);
  return new PlatformError("method_not_allowed", `${request.method} is not possible here. Use ${methods}.`);
}

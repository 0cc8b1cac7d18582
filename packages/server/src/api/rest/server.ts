import { PlatformError } from "@llm-platform/kit";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type Permission, requirePermission } from "../../core/permissions.ts";
import type { Operation } from "../../control/operation.ts";
import { statusOf } from "../../core/error-status.ts";
import type { PlatformLog } from "../../telemetry/log.ts";
import type { Authenticator } from "../authenticate.ts";
import { errorHeaders, toProblemDetails } from "../error-envelope.ts";
import type { RequestHandler } from "../inference.ts";
import type { HttpRoute } from "../../core/http-route.ts";
import { newRequestId } from "../../wire/request-id.ts";

/** Largest body of a management call. */
const maxBodyBytes = 1024 * 1024;

export interface RestParts {
  readonly operations: readonly Operation[];
  readonly authenticator: Authenticator;
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
  /** Whether this request wants the stream; otherwise the operation of the same path answers. */
  accepts(request: FastifyRequest): boolean;
  /** Writes the whole reply, and resolves when it has ended. */
  handle(request: FastifyRequest, reply: FastifyReply, signal: AbortSignal): Promise<void>;
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
  app.setErrorHandler((error, request, reply) =>
    sendProblem(parts.log, { error: toRestError(error), request, reply }),
  );
  app.setNotFoundHandler((request, reply) =>
    sendProblem(parts.log, { error: notThere(request, reply, parts), request, reply }),
  );
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    if (request.headers["content-encoding"] !== undefined) {
      throw new PlatformError(
        "unsupported_media_type",
        "A compressed request body is not accepted. Send it plain.",
      );
    }
    await parts.authenticator.authenticate(request.headers);
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
    url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
    handler: async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const principal = await parts.authenticator.authenticate(request.headers);
      if (stream?.accepts(request) === true) {
        requirePermission(principal, stream.permission);
        await stream.handle(request, reply, gone.signal);
        return reply;
      }
      return operation.run(toInput(request), { principal, signal: gone.signal });
    },
  });
}

function addStream(app: FastifyInstance, stream: StreamRoute, parts: RestParts): void {
  app.route({
    method: stream.method,
    url: stream.path,
    handler: async (request, reply) => {
      requirePermission(await parts.authenticator.authenticate(request.headers), stream.permission);
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      await stream.handle(request, reply, gone.signal);
      return reply;
    },
  });
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

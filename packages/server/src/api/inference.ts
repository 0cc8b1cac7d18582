import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Operation, PlatformError, type Reply, toPlatformError } from "@llm-platform/kit";
import { statusOf } from "../core/error-status.ts";
import type { BucketVerdict } from "../core/token-bucket.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { GatewayCall } from "../gateway/gateway-call.ts";
import type { PlatformLog } from "../telemetry/log.ts";
import type { Deadlines } from "../wire/deadlines.ts";
import { scanRequest } from "../wire/request-scan.ts";
import type { Authenticator } from "./authenticate.ts";
import { errorHeaders } from "./error-envelope.ts";
import { readBody } from "./read-body.ts";
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

/** Handles one request of node:http. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** The handler of an endpoint. */
export function createInferenceHandler(parts: InferenceParts, endpoint: InferenceEndpoint): RequestHandler {
  return (request, response) => {
    const id = `req_${randomUUID()}`;
    try {
      if (request.method !== "POST") throw methodNotAllowed(request);
      const principal = parts.authenticator.authenticate(request.headers);
      readBody(request, parts.maxBodyBytes, (error, body) => {
        if (error !== undefined) {
          refuse(response, { id, error, endpoint });
          return;
        }
        try {
          const head = scanRequest(body);
          const stream = endpoint.operation === "embedding" ? false : (head.stream ?? endpoint.streamDefault);
          const { operation, surface, integration } = endpoint;
          const traceparent = toTraceparent(request.headers["traceparent"]);
          const call = parts.gateway.open({
            id,
            operation,
            dialect: surface.dialect,
            principal,
            head,
            body,
            stream,
            integration,
            traceparent,
          });
          serve({ call, response, endpoint, parts });
        } catch (thrown) {
          refuse(response, { id, error: toPlatformError(thrown), endpoint });
        }
      });
    } catch (thrown) {
      refuse(response, { id, error: toPlatformError(thrown), endpoint });
    }
  };
}

interface Exchange {
  readonly call: GatewayCall;
  readonly response: ServerResponse;
  readonly endpoint: InferenceEndpoint;
  readonly parts: InferenceParts;
}

function serve({ call, response, endpoint, parts }: Exchange): void {
  response.once("close", () => {
    if (!response.writableFinished)
      call.cancellation.cancel(new PlatformError("client_cancelled", "The client closed the connection."));
  });
  const headers = (reply: Reply | undefined) => replyHeaders(call, reply, parts.gateway.limitOf(call));
  const writer = call.stream
    ? new StreamWriter({ call, response, surface: endpoint.surface, headers, ...parts })
    : new WholeWriter({ response, headers });
  parts.gateway.handle(call).then(
    (reply) => writer.write(reply),
    (error: unknown) => {
      const failure = toPlatformError(error);
      if (failure.code === "internal")
        parts.log.error("inference.failed", { request_id: call.id, error: failure });
      if (writer.isStarted) writer.fail(failure);
      else refuse(response, { id: call.id, error: failure, endpoint, limit: parts.gateway.limitOf(call) });
    },
  );
}

interface Refusal {
  readonly id: string;
  readonly error: PlatformError;
  readonly endpoint: InferenceEndpoint;
  readonly limit?: BucketVerdict | undefined;
}

function refuse(response: ServerResponse, { id, error, endpoint, limit }: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  const body = endpoint.surface.formatError(error, id);
  // A body that was refused before it was read cannot be told apart from the next request.
  const mustClose =
    error.code === "payload_too_large" ||
    error.code === "unsupported_media_type" ||
    error.code === "method_not_allowed";
  response.writeHead(statusOf(error.code), {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...errorHeaders(error, id),
    ...(limit === undefined ? {} : limitHeaders(limit)),
    ...(error.code === "method_not_allowed" ? { allow: "POST" } : {}),
    ...(mustClose ? { connection: "close" } : {}),
  });
  response.end(body);
}

function replyHeaders(
  call: GatewayCall,
  reply: Reply | undefined,
  limit: BucketVerdict | undefined,
): string[] {
  const headers = ["x-request-id", call.id];
  if (call.servedBy !== undefined) {
    const slash = call.servedBy.indexOf("/");
    headers.push(
      "x-llmp-provider",
      call.servedBy.slice(0, slash),
      "x-llmp-model",
      call.servedBy.slice(slash + 1),
    );
    headers.push(
      "x-llmp-attempts",
      String(call.attempts),
      "x-llmp-overhead-ms",
      (call.sentAtMs - call.startedAtMs).toFixed(2),
    );
  }
  const processing = reply?.headers.get("openai-processing-ms");
  if (processing !== undefined && /^\d{1,9}$/.test(processing))
    headers.push("openai-processing-ms", processing);
  if (limit !== undefined)
    for (const [name, value] of Object.entries(limitHeaders(limit))) headers.push(name, value);
  return headers;
}

function limitHeaders(limit: BucketVerdict): Record<string, string> {
  return {
    "x-ratelimit-limit-requests": String(limit.limit),
    "x-ratelimit-remaining-requests": String(limit.remaining),
    "x-ratelimit-reset-requests": `${(limit.resetMs / 1_000).toFixed(3)}s`,
  };
}

function methodNotAllowed(request: IncomingMessage): PlatformError {
  return new PlatformError(
    "method_not_allowed",
    `${request.method ?? "This method"} is not possible here. Use POST.`,
  );
}

/** A traceparent that is not well formed starts a new trace; it is never a reason to refuse (W3C Trace Context section 3.2). */
function toTraceparent(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" && /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value)
    ? value
    : undefined;
}

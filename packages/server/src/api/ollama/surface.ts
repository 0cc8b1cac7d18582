import type { IncomingMessage, ServerResponse } from "node:http";
import { PlatformError, toPlatformError } from "@llm-platform/kit";
import type { OperationContext } from "../../control/operation.ts";
import type { HttpRoute } from "../../core/http-route.ts";
import type { Permission } from "../../core/permissions.ts";
import { chatBodyLimits, scanJsonObject } from "../../wire/json-scan.ts";
import { newRequestId } from "../../wire/request-id.ts";
import { isRead } from "../answer.ts";
import { HttpReply } from "../http-reply.ts";
import {
  createInferenceHandler,
  type InferenceEndpoint,
  type InferenceHandler,
  mountInference,
  type RequestHandler,
} from "../inference.ts";
import type { Mount } from "../listener.ts";
import { openOperationCall } from "../operation-caller.ts";
import { readWholeBody } from "../read-body.ts";
import { refuse } from "../refusal.ts";
import { createCallChooser } from "./chosen-call.ts";
import { embeddingsSurface, ollamaDialect } from "./dialect.ts";
import { copyModel, createModel, deleteModel, listRunning, listTags, showModel } from "./model-endpoints.ts";
import type { OllamaParts } from "./operations.ts";
import { pullModel } from "./pull-endpoint.ts";
import { answerResidence } from "./residence.ts";

/** The Ollama whose API this is. Clients look at it for what they may ask. */
const apiVersion = "0.11.4";
const maxBodyBytes = 1024 * 1024;

/** One request about models, once it is known who asks. */
interface Asked {
  /** Undefined where there is none. */
  readonly body: unknown;
  readonly client: HttpReply;
  readonly context: OperationContext;
}

/** Answers, or rejects with PlatformError. */
type Answer = (parts: OllamaParts, asked: Asked) => Promise<void>;

interface ModelEndpoint extends HttpRoute {
  /** By what the audit log knows it. */
  readonly operation: string;
  readonly access: Permission;
  readonly answer: Answer;
}

const endpoints: readonly ModelEndpoint[] = [
  {
    method: "GET",
    path: "/api/tags",
    operation: "models.list",
    access: "models.read",
    answer: async (parts, { client, context }) => sendJson(client, context, await listTags(parts)),
  },
  {
    method: "GET",
    path: "/api/ps",
    operation: "models.loaded",
    access: "models.read",
    answer: async (parts, { client, context }) =>
      sendJson(client, context, await listRunning(parts, context)),
  },
  {
    method: "POST",
    path: "/api/show",
    operation: "models.show",
    access: "models.read",
    answer: async (parts, { body, client, context }) =>
      sendJson(client, context, await showModel(parts, body, context)),
  },
  {
    method: "POST",
    path: "/api/pull",
    operation: "ollama.pull",
    access: "models.write",
    answer: (parts, { body, client, context }) => pullModel(parts, body, { client, context }),
  },
  {
    method: "POST",
    path: "/api/copy",
    operation: "models.copy",
    access: "models.write",
    answer: async (parts, { body, client, context }) => {
      await copyModel(parts, body, context);
      sendNothing(client, context);
    },
  },
  {
    method: "DELETE",
    path: "/api/delete",
    operation: "models.delete",
    access: "models.write",
    answer: async (parts, { body, client, context }) => {
      await deleteModel(parts, body, context);
      sendNothing(client, context);
    },
  },
  {
    method: "POST",
    path: "/api/create",
    operation: "models.create",
    access: "models.write",
    answer: async (parts, { body, client, context }) => {
      const { stream } = await createModel(parts, body, context);
      const text = `${JSON.stringify({ status: "success" })}${stream ? "\n" : ""}`;
      const type = stream ? ollamaDialect.streamContentType : "application/json";
      client.send(200, toHeaders(context.requestId, type), Buffer.from(text));
    },
  },
];

const publicRoutes: readonly HttpRoute[] = [
  { method: "GET", path: "/", access: "public" },
  { method: "GET", path: "/api/version", access: "public" },
];

/** Ollama's own API under `/api`, for every model of the platform. */
export function createOllamaMount(parts: OllamaParts): Mount {
  const calls = mountInference({
    "/api/chat": createCallHandler(parts, { operation: "chat", surface: ollamaDialect }),
    "/api/generate": createCallHandler(parts, { operation: "completion", surface: ollamaDialect }),
    "/api/embed": createCallHandler(parts, { operation: "embedding", surface: ollamaDialect }),
    "/api/embeddings": createCallHandler(parts, { operation: "embedding", surface: embeddingsSurface }),
  });
  return {
    routes: [
      ...endpoints.map(({ method, path, access }) => ({ method, path, access })),
      ...publicRoutes,
      ...calls.routes,
    ],
    paths: new Map([
      ...calls.paths,
      ...endpoints.map((endpoint) => [endpoint.path, createModelHandler(parts, endpoint)] as const),
      ["/", createTextHandler("text/plain; charset=utf-8", "Ollama is running")],
      ["/api/version", createTextHandler("application/json", JSON.stringify({ version: apiVersion }))],
    ]),
    fast: calls.fast,
  };
}

function createCallHandler(
  parts: OllamaParts,
  endpoint: Pick<InferenceEndpoint, "operation" | "surface">,
): InferenceHandler {
  const chooser = createCallChooser(parts.directory, endpoint);
  return createInferenceHandler(parts.inference, {
    ...endpoint,
    streamDefault: endpoint.operation !== "embedding",
    choose(request) {
      const residence = chooser.residence(request);
      if (residence === undefined) return chooser.choose(request);
      void answerResidence(parts, residence, request);
      return undefined;
    },
  });
}

function createTextHandler(type: string, text: string): RequestHandler {
  return (request, response) => {
    if (!isRead(request, response)) return;
    const lines = `x-request-id: ${newRequestId()}\r\ncontent-type: ${type}\r\n`;
    new HttpReply(response).send(200, lines, Buffer.from(text));
  };
}

function createModelHandler(parts: OllamaParts, endpoint: ModelEndpoint): RequestHandler {
  return (request, response) => void serve(parts, endpoint, { request, response });
}

interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function serve(
  parts: OllamaParts,
  { method, operation, access, answer }: ModelEndpoint,
  { request, response }: Incoming,
): Promise<void> {
  const client = new HttpReply(response);
  const gone = new AbortController();
  client.watch({ onGone: () => gone.abort(), onDrain: () => undefined });
  const requestId = newRequestId();
  try {
    const context = await openOperationCall({ ...parts, ...parts.inference }, request, {
      name: "ollama_api",
      requestId,
      signal: gone.signal,
    });
    if (request.method !== method && !(method === "GET" && request.method === "HEAD"))
      throw new PlatformError("method_not_allowed", `Use ${method} here.`);
    parts.auditor.require(context, operation, access);
    const body = method === "GET" ? undefined : await readJson(request);
    await answer(parts, { body, client, context });
  } catch (thrown) {
    const error = toPlatformError(thrown);
    if (error.code === "internal")
      parts.inference.log.error("ollama_api.failed", { request_id: requestId, error });
    // Where the body of such a request ends is not known.
    if (!request.complete) response.shouldKeepAlive = false;
    refuse(client, { id: requestId, error, endpoint: { surface: ollamaDialect }, allow: method });
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readWholeBody(request, maxBodyBytes);
  if (bytes.length === 0) return undefined;
  try {
    return parseBody(bytes);
  } catch (cause) {
    throw new PlatformError("invalid_request", "The body is not a JSON object.", { cause });
  }
}

function parseBody(bytes: Buffer): unknown {
  const problem = scanJsonObject(bytes, { start: 0, end: bytes.length }, chatBodyLimits, {
    member: () => undefined,
  });
  if (problem !== undefined) throw new Error(problem);
  return JSON.parse(bytes.toString("utf8"));
}

function sendJson(client: HttpReply, { requestId }: OperationContext, value: object): void {
  client.send(200, toHeaders(requestId, "application/json"), Buffer.from(JSON.stringify(value)));
}

function sendNothing(client: HttpReply, { requestId }: OperationContext): void {
  client.send(200, `x-request-id: ${requestId}\r\n`, Buffer.alloc(0));
}

function toHeaders(requestId: string, type: string): string {
  return `x-request-id: ${requestId}\r\ncontent-type: ${type}\r\n`;
}

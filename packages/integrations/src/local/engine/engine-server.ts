import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { PlatformError } from "@llm-platform/kit";
import { answerChat } from "./chat-reply.ts";
import { answerCompletion } from "./completion-reply.ts";
import { answerEmbedding } from "./embedding-reply.ts";
import { unsupported } from "./engine-failure.ts";
import type { LoadedEngine } from "./loaded-engine.ts";
import { createReplyWriter, type ReplyWriter } from "./reply-writer.ts";
import { parseJsonBody } from "./request-parse.ts";

/** As large as the platform's own limit for a chat body. */
const maxBodyBytes = 10 * 1024 * 1024;
/** Longer than the platform keeps an idle connection, so that it is never closed under a call. */
const keepAliveTimeoutMs = 90_000;

type Answer = (engine: LoadedEngine, body: unknown, writer: ReplyWriter) => Promise<void>;

interface Route {
  readonly answer: Answer;
  readonly needsGeneration: boolean;
}

const routes: Readonly<Record<string, Route>> = {
  "/v1/chat/completions": { answer: answerChat, needsGeneration: true },
  "/v1/completions": { answer: answerCompletion, needsGeneration: true },
  "/v1/embeddings": { answer: answerEmbedding, needsGeneration: false },
};

/** An HTTP server that speaks OpenAI's dialect for one model. It is not listening yet. */
export function createEngineServer(engine: LoadedEngine): Server {
  const server = createServer((request, response) => {
    const writer = createReplyWriter(response);
    answer(engine, { request, response, writer }).catch((error: unknown) => {
      if (response.destroyed) return;
      if (!(error instanceof PlatformError))
        engine.report.log("error", "engine.call_failed", { error: describe(error) });
      writer.fail(error);
    });
  });
  server.keepAliveTimeout = keepAliveTimeoutMs;
  return server;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly writer: ReplyWriter;
}

async function answer(engine: LoadedEngine, exchange: Exchange): Promise<void> {
  const { request, writer } = exchange;
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  if (path === "/health") {
    writer.json(200, { status: "ok", model: engine.modelId });
    return;
  }
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) throw new PlatformError("not_found", `The local engine has no path ${path}.`);
  if (request.method !== "POST") throw new PlatformError("method_not_allowed", `Use POST for ${path}.`);
  if (route.needsGeneration && engine.sequences === undefined) {
    throw unsupported("model", `The model '${engine.modelId}' only makes embeddings. Choose a chat model.`);
  }
  await route.answer(engine, parseJsonBody(await readBody(request)), writer);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBodyBytes)
      throw new PlatformError("payload_too_large", `The request body is larger than ${maxBodyBytes} bytes.`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).slice(0, 4096) : String(error);
}

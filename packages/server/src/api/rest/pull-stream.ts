import { PlatformError, toPlatformError } from "@llm-platform/kit";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { statusOf } from "../../core/error-status.ts";
import type { Principal } from "../../core/principal.ts";
import type { PullManager } from "../../pulls/pull-manager.ts";
import { errorHeaders, toOpenAiError } from "../error-envelope.ts";
import { bringModel, successPhase, toOllamaProgress } from "../ollama-progress.ts";
import type { StreamRoute } from "./server.ts";

export interface PullRouteParts {
  /** Throws PlatformError when the integration does not run or cannot pull. */
  check(): void;
  readonly pulls: PullManager;
}

const pullInput = z.object({
  model: z.string().min(1).max(512).optional(),
  name: z.string().min(1).max(512).optional(),
  stream: z.boolean().default(true),
});

/** `POST /local/ollama/pull`: progress as JSON lines in Ollama's form, or as server-sent events when asked for. */
export function createPullRoute(path: string, parts: PullRouteParts): StreamRoute {
  return {
    method: "POST",
    path,
    permission: "models.write",
    audit: {
      operation: "ollama.pull",
      target: (request) => {
        const { model } = readInput(request);
        return { type: "model", id: null, name: model };
      },
    },
    accepts: () => true,
    async handle(request, reply, signal) {
      const { model, stream } = readInput(request);
      parts.check();
      const owner = request.getDecorator<Principal>("principal");
      const isSse = request.headers.accept?.includes("text/event-stream") === true;
      const { raw } = reply.hijack();
      const write = (value: object) => {
        if (stream) raw.write(isSse ? `data: ${JSON.stringify(value)}\n\n` : `${JSON.stringify(value)}\n`);
      };
      const start = (status: number, headers: Record<string, string> = {}) => {
        if (raw.headersSent) return;
        const type = !stream
          ? "application/json"
          : isSse
            ? "text/event-stream; charset=utf-8"
            : "application/x-ndjson";
        raw.writeHead(status, {
          "x-request-id": request.id,
          "cache-control": "no-cache, no-transform",
          ...headers,
          "content-type": type,
        });
      };
      try {
        await bringModel(parts.pulls, {
          model,
          integration: "ollama",
          owner,
          signal,
          onStep: (progress) => {
            // Clients stop reading there and call the model: that is told when it can be called.
            if (progress.phase === successPhase) return;
            if (stream) start(200);
            write(toOllamaProgress(progress));
          },
        });
        start(200);
        if (stream) write({ status: successPhase });
        raw.end(stream ? undefined : JSON.stringify({ status: successPhase }));
        return undefined;
      } catch (thrown) {
        const error = toPlatformError(thrown, "The pull failed.");
        const hasStarted = raw.headersSent;
        start(statusOf(error.code), errorHeaders(error, request.id));
        const frame = hasStarted
          ? { error: error.message, code: error.code }
          : toOpenAiError(error, request.id);
        raw.end(stream && isSse ? `data: ${JSON.stringify(frame)}\n\n` : `${JSON.stringify(frame)}\n`);
        return error;
      }
    },
  };
}

function readInput(request: FastifyRequest): { readonly model: string; readonly stream: boolean } {
  const parsed = pullInput.safeParse(request.body);
  const model = parsed.data?.model ?? parsed.data?.name;
  if (!parsed.success || model === undefined) {
    throw new PlatformError("invalid_request", "`model` must name the model to pull.", { field: "model" });
  }
  return { model, stream: parsed.data.stream };
}

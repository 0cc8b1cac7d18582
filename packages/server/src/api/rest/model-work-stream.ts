import { type PullOptions, type PullProgress, toPlatformError } from "@llm-platform/kit";
import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import {
  type broughtSchema,
  convertInput,
  convertModel,
  importInput,
  importModel,
  type ModelFileParts,
  modelTarget,
} from "../../control/model-files.ts";
import { checkInput } from "../../control/operation.ts";
import type { StreamRoute } from "./server.ts";

type Brought = z.output<typeof broughtSchema>;

/** `POST /api/v1/models/convert` and `…/import` as server-sent events: `progress`, then `done` or `error`. */
export function createModelWorkStreams(parts: ModelFileParts): readonly StreamRoute[] {
  return [
    workStream("models.convert", "/api/v1/models/convert", (request) => {
      const input = checkInput(convertInput, request.body);
      return {
        target: modelTarget(input),
        run: async (options) => await convertModel(parts, input, options),
      };
    }),
    workStream("models.import", "/api/v1/models/import", (request) => {
      const input = checkInput(importInput, request.body);
      return { target: modelTarget(input), run: async (options) => await importModel(parts, input, options) };
    }),
  ];
}

interface Work {
  readonly target: ReturnType<typeof modelTarget>;
  run(options: PullOptions): Promise<Brought>;
}

function workStream(operation: string, path: string, read: (request: FastifyRequest) => Work): StreamRoute {
  return {
    method: "POST",
    path,
    permission: "models.import",
    audit: { operation, target: (request) => read(request).target },
    accepts: (request) => request.headers.accept?.includes("text/event-stream") === true,
    async handle(request, reply, signal) {
      const work = read(request);
      const { raw } = reply.hijack();
      raw.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
        "x-request-id": request.id,
      });
      const write = (type: string, data: object): void =>
        void raw.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
      try {
        const onProgress = (progress: PullProgress): void => {
          // To a slow reader the newest state is enough.
          if (!raw.writableNeedDrain) write("progress", toProgress(progress));
        };
        write("done", await work.run({ signal, onProgress }));
        raw.end();
        return undefined;
      } catch (thrown) {
        const error = toPlatformError(thrown, "The work on the model failed.");
        write("error", { code: error.code, message: error.message, field: error.field ?? null });
        raw.end();
        return error;
      }
    },
  };
}

function toProgress({ phase, completedBytes = 0, totalBytes = 0 }: PullProgress): object {
  return { phase, completed_bytes: completedBytes, total_bytes: totalBytes };
}

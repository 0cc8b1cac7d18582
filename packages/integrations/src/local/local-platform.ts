import { realpath, rm } from "node:fs/promises";
import { dirname } from "node:path";
import {
  type Call,
  Cancellation,
  type IntegrationContext,
  type JsonObject,
  type ModelPlatform,
  PlatformError,
  type Reply,
} from "@llm-platform/kit";
import type { EngineUpstreams } from "./engine-upstreams.ts";
import { judgeGguf } from "./formats/judge-gguf.ts";
import { type ModelCatalog, partsOf } from "./model-catalog.ts";
import { contextTokensOf, type ModelFile, toModelInfo } from "./model-file.ts";
import type { ModelOpener } from "./model-opener.ts";
import type { LoadableModel, ModelScheduler, Turn } from "./model-scheduler.ts";
import type { LocalSettings } from "./settings.ts";
import { onBodyOver } from "./turn-body.ts";

const paths = {
  chat: "/v1/chat/completions",
  completion: "/v1/completions",
  embedding: "/v1/embeddings",
} as const;
const brokenCodes: ReadonlySet<string> = new Set([
  "upstream_error",
  "upstream_incomplete",
  "upstream_timeout",
]);
const headers = [["content-type", "application/json"]] as const;

interface PlatformParts {
  readonly context: IntegrationContext<LocalSettings>;
  readonly catalog: ModelCatalog;
  readonly scheduler: ModelScheduler;
  readonly opener: ModelOpener;
  readonly upstreams: EngineUpstreams;
}

/** The models of the local engine, as the gateway sees them. */
export function createLocalPlatform(parts: PlatformParts): ModelPlatform {
  const { context, catalog, scheduler, opener } = parts;
  const { settings } = context;
  const find = async (id: string): Promise<ModelFile> => {
    const file = await catalog.find(id);
    if (file !== undefined) return file;
    throw new PlatformError(
      "model_not_found",
      `There is no local model '${id}'. 'models list' shows those there are.`,
      { field: "model" },
    );
  };
  return {
    provider: "llama_cpp",
    reportsStreamUsage: true,
    dialectFor: () => "openai",
    list: async () => (await catalog.scan()).map((file) => toModelInfo(file, settings.context_tokens)),
    send: async (call) => await send(parts, call, opener.prepare(await find(call.model))),
    show: async (id) => toDescription(await find(id), { settings, opener }),
    loaded: async () => scheduler.loaded((ms) => Date.now() + ms - performance.now()),
    async load(id, signal) {
      const cancellation = new Cancellation();
      const onAbort = (): void =>
        cancellation.cancel(new PlatformError("client_cancelled", "The load was given up."));
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        (await scheduler.take(opener.prepare(await find(id)), cancellation)).release();
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    async unload(id) {
      await find(id);
      await scheduler.unload(id);
    },
    async delete(id) {
      const { path } = await find(id);
      await expectManaged(path, settings.storage_directory);
      await scheduler.unload(id);
      for (const part of partsOf(path)) await rm(part, { force: true });
      await catalog.scan();
    },
  };
}

/** Throws PlatformError `forbidden` for a file of a folder that is somebody else's to look after. */
async function expectManaged(path: string, folder: string | undefined): Promise<void> {
  const managed = folder === undefined ? undefined : await realpath(folder).catch(() => undefined);
  if (managed === dirname(path)) return;
  throw new PlatformError(
    "forbidden",
    "This model lies in a folder that the platform does not look after (storage_directory). Delete its file there.",
    { field: "model" },
  );
}

async function send(parts: PlatformParts, call: Call, model: LoadableModel): Promise<Reply> {
  const turn = await takeTurn(parts, call, model);
  const onCancel = (): void => turn.release();
  const release = (error?: unknown): void => {
    call.cancellation.offCancel(onCancel);
    turn.release(isBroken(error) ? "broken" : undefined);
  };
  try {
    const reply = await parts.upstreams.of(turn.engine).send({
      method: "POST",
      path: paths[call.operation],
      headers,
      traceparent: call.traceparent,
      body: call.body,
      cancellation: call.cancellation,
    });
    call.cancellation.onCancel(onCancel);
    return {
      status: reply.status,
      headers: reply.headers,
      dialect: "openai",
      body: onBodyOver(reply.body, release),
    };
  } catch (error) {
    release(error);
    throw error;
  }
}

/** Whether a call ended because of its connection, which may mean that the engine is gone. */
function isBroken(error: unknown): boolean {
  return error instanceof PlatformError && brokenCodes.has(error.code);
}

async function takeTurn(parts: PlatformParts, call: Call, model: LoadableModel): Promise<Turn> {
  const { context, scheduler } = parts;
  const taking = scheduler.take(model, call.cancellation);
  context.metrics.set("waiting_calls", scheduler.waitingCalls);
  try {
    return await taking;
  } finally {
    context.metrics.set("waiting_calls", scheduler.waitingCalls);
  }
}

function toDescription(
  file: ModelFile,
  about: { readonly settings: LocalSettings; readonly opener: ModelOpener },
): JsonObject {
  const { settings, opener } = about;
  const { head } = file;
  const info = toModelInfo(file, settings.context_tokens);
  const verdict = judgeGguf({ type: "head", head });
  return {
    id: file.id,
    operations: info.operations,
    capabilities: info.capabilities ?? [],
    size_bytes: file.sizeBytes,
    architecture: head.architecture,
    name: head.name ?? null,
    size_label: head.sizeLabel ?? null,
    license: head.license ?? null,
    quantization: info.quantization ?? null,
    context_tokens: contextTokensOf(file, settings.context_tokens),
    trained_context_tokens: head.contextTokens ?? null,
    embedding_length: head.embeddingLength ?? null,
    block_count: head.blockCount ?? null,
    pooling_type: head.poolingType ?? null,
    verdict: verdict.verdict,
    verdict_reasons: verdict.reasons,
    chat_template: head.chatTemplate ?? null,
    memory_estimate: opener.prepare(file).estimate,
  };
}

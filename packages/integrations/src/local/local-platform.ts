import { realpath, rm } from "node:fs/promises";
import { dirname } from "node:path";
import {
  type Call,
  Cancellation,
  type IntegrationContext,
  type JsonObject,
  type ModelPlatform,
  PlatformError,
  type ModelInfo,
  type Reply,
  toPlatformError,
} from "@llm-platform/kit";
import type { EngineUpstreams } from "./engine-upstreams.ts";
import type { GpuFaults } from "./gpu-faults.ts";
import { judgeGguf } from "./formats/judge-gguf.ts";
import type { LoadableModel } from "./loadable-model.ts";
import { type ModelCatalog, partsOf } from "./model-catalog.ts";
import { toModelInfo } from "./model-file.ts";
import { modelOfInstance } from "./instance-name.ts";
import type { ModelInstances } from "./model-instances.ts";
import type { ModelOpener } from "./model-opener.ts";
import type { ModelRecords } from "./model-records.ts";
import type { ModelScheduler } from "./model-scheduler.ts";
import type { Turn } from "./scheduler-parts.ts";
import type { ModelShelf, ShelfModel } from "./model-shelf.ts";
import { checkSettings, createSettingsAbility } from "./settings-ability.ts";
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
const soundName = /^[A-Za-z0-9][\w.:-]{0,127}$/;
const headers = [["content-type", "application/json"]] as const;

interface PlatformParts {
  readonly context: IntegrationContext<LocalSettings>;
  readonly catalog: ModelCatalog;
  readonly records: ModelRecords;
  readonly shelf: ModelShelf;
  readonly scheduler: ModelScheduler;
  readonly instances: ModelInstances;
  readonly opener: ModelOpener;
  readonly upstreams: EngineUpstreams;
  readonly gpuFaults: GpuFaults;
}

/** The models of the local engine, as the gateway sees them. */
export function createLocalPlatform(parts: PlatformParts): ModelPlatform {
  const { context, scheduler, opener, shelf, gpuFaults } = parts;
  return {
    provider: "llama_cpp",
    reportsStreamUsage: true,
    areErrorsPlain: true,
    dialectFor: () => "openai",
    list: async () => (await shelf.list()).flatMap((model) => toModelInfos(model, opener)),
    send: async (call) => await send(parts, call, await opener.prepare(await shelf.find(call.model))),
    show: async (id) => await toDescription(await shelf.find(id), parts),
    loaded: async () =>
      scheduler
        .loaded((ms) => Date.now() + ms - performance.now())
        .map((loaded) => {
          const notice = gpuFaults.noticeOf(loaded.id);
          return {
            ...loaded,
            id: modelOfInstance(loaded.id),
            ...(notice === undefined ? {} : { notice }),
          };
        }),
    async load(id, signal) {
      const cancellation = new Cancellation();
      const onAbort = (): void =>
        cancellation.cancel(new PlatformError("client_cancelled", "The load was given up."));
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        (await scheduler.take(await opener.prepare(await shelf.find(id)), cancellation)).release();
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    },
    async unload(id) {
      await unloadAll(parts, (await shelf.find(id)).file.id);
    },
    copy: async (id, destination) => {
      const { file, record } = await shelf.find(id);
      const { aliases: _aliases, ...kept } = record.settings;
      await createModel(parts, {
        id: destination,
        from: file.id,
        settings: JSON.parse(JSON.stringify(kept)),
      });
    },
    create: async (id, from, wanted) => await createModel(parts, { id, from, settings: wanted }),
    delete: async (id) => await deleteModel(parts, await shelf.find(id)),
    settings: createSettingsAbility({
      ...parts,
      onChange: (model) => {
        context.emit("models.changed");
        void adopt(parts, model);
      },
    }),
  };
}

/** Loads a model anew that is in memory in another way, once its calls in progress have ended. */
async function adopt({ context, opener, scheduler }: PlatformParts, model: ShelfModel): Promise<void> {
  try {
    const loadable = await opener.prepare(model);
    if (scheduler.update(loadable)) (await scheduler.take(loadable, new Cancellation())).release();
  } catch (error) {
    context.log.warn("model.reload_failed", { model: model.file.id, reason: toPlatformError(error).message });
  }
}

interface NewModel {
  readonly id: string;
  readonly from: string;
  readonly settings: JsonObject;
}

async function createModel(parts: PlatformParts, { id, from, settings: wanted }: NewModel): Promise<void> {
  const { context, shelf, records } = parts;
  if (!soundName.test(id))
    throw new PlatformError(
      "invalid_request",
      "The name of a model has letters, digits, '.', '_', ':' and '-', and begins with a letter or digit. Choose another.",
      { field: "model" },
    );
  const holder = await shelf.holderOf(id);
  if (holder !== undefined)
    throw new PlatformError(
      "conflict",
      `There is a model '${id}' already. Choose another name, or delete that one.`,
      {
        field: "model",
      },
    );
  const { file, record } = await shelf.find(from);
  const model: ShelfModel = { file: { ...file, id }, record: { from: record.from ?? file.id, settings: {} } };
  const settings = await checkSettings(parts, model, wanted);
  await records.set(id, { ...model.record, settings });
  context.emit("models.changed");
}

/** A model that was made of another has no file of its own to lose. */
async function deleteModel(parts: PlatformParts, { file, record }: ShelfModel): Promise<void> {
  const { context, catalog, records, gpuFaults } = parts;
  if (record.from === undefined) {
    const made = [...records.all].filter(([, other]) => other.from === file.id).map(([id]) => id);
    if (made.length > 0)
      throw new PlatformError("conflict", `Made of this model are ${made.join(", ")}. Delete these first.`, {
        field: "model",
      });
    await expectManaged(file.path, context.settings.storage_directory);
  }
  await unloadAll(parts, file.id);
  if (record.from === undefined) for (const part of partsOf(file.path)) await rm(part, { force: true });
  await records.delete(file.id);
  gpuFaults.forget(file.id);
  await catalog.scan();
}

async function unloadAll({ scheduler, instances }: PlatformParts, model: string): Promise<void> {
  await Promise.all(instances.idsOf(model).map(async (id) => await scheduler.unload(id)));
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
  const taking = scheduler.take(parts.instances.choose(model), call.cancellation, call.tenant);
  context.metrics.set("waiting_calls", scheduler.waitingCalls);
  try {
    return await taking;
  } finally {
    context.metrics.set("waiting_calls", scheduler.waitingCalls);
  }
}

/** A model under its name and its further ones. */
function toModelInfos(model: ShelfModel, opener: ModelOpener): readonly ModelInfo[] {
  const { file, record } = model;
  const info = toModelInfo(file, opener.windowOf(model));
  return [info, ...(record.settings.aliases ?? []).map((id) => ({ ...info, id }))];
}

async function toDescription(model: ShelfModel, { opener, gpuFaults }: PlatformParts): Promise<JsonObject> {
  const { file, record } = model;
  const { head } = file;
  const [info] = toModelInfos(model, opener);
  const verdict = judgeGguf({ type: "head", head });
  const own: JsonObject = JSON.parse(JSON.stringify(record.settings));
  return {
    id: file.id,
    made_of: record.from ?? null,
    operations: info?.operations ?? [],
    capabilities: info?.capabilities ?? [],
    size_bytes: file.sizeBytes,
    architecture: head.architecture,
    name: head.name ?? null,
    size_label: head.sizeLabel ?? null,
    license: record.settings.license ?? head.license ?? null,
    quantization: info?.quantization ?? null,
    context_tokens: info?.contextTokens ?? null,
    trained_context_tokens: head.contextTokens ?? null,
    embedding_length: head.embeddingLength ?? null,
    block_count: head.blockCount ?? null,
    pooling_type: head.poolingType ?? null,
    verdict: verdict.verdict,
    verdict_reasons: verdict.reasons,
    chat_template: record.settings.chat_template ?? head.chatTemplate ?? null,
    memory_estimate: (await opener.prepare(model)).estimate,
    notice: gpuFaults.noticeOf(file.id) ?? null,
    settings: own,
  };
}

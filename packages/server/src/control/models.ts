import { type ModelPlatform, operations, PlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { CatalogueModel, ModelDirectory } from "../gateway/model-directory.ts";
import type { Manager } from "../manager/manager.ts";
import { defineOperation, type Operation } from "./operation.ts";

export interface ModelOperationParts {
  readonly manager: Manager;
  readonly directory: ModelDirectory;
}

export const modelName = z.string().min(1).max(512).describe("Name of the model, or integration/name.");

/** Asks the drivers of this machine for its GPUs. */
type ReadGpus = (signal: AbortSignal) => Promise<
  readonly {
    readonly name: string;
    readonly memoryTotalBytes: number | undefined;
    readonly memoryUsedBytes: number | undefined;
  }[]
>;

interface MemoryParts {
  readonly gpus: ReadGpus;
  /** What models may still take of this machine's memory. */
  memoryBytes(): number;
}

const modelInput = z.strictObject({ model: modelName });

const copyInput = modelInput.extend({
  destination: z.string().min(1).max(512).describe("The further name, as the integration takes it."),
});

export const modelSchema = z.object({
  id: z.string(),
  integration: z.string(),
  provider: z.string(),
  operations: z.array(z.enum(operations)).readonly(),
  context_tokens: z.number().nullable(),
  size_bytes: z.number().nullable(),
  family: z.string().nullable(),
  quantization: z.string().nullable(),
  capabilities: z.array(z.string()).readonly(),
  verdict: z
    .enum(["weights_only", "suspicious", "refused"])
    .nullable()
    .describe("How far its file can be trusted; null where the platform keeps no files that were looked at."),
});

export const loadedSchema = z.object({
  id: z.string(),
  integration: z.string(),
  memory_bytes: z.number().nullable(),
  gpu_memory_bytes: z
    .number()
    .nullable()
    .describe("As it was measured when it was loaded; null where it was not."),
  gpu_layers: z.number().nullable().describe("Layers that its engine says are on a GPU."),
  gpu: z
    .enum(["used", "claimed_not_seen", "not_measured"])
    .nullable()
    .describe(
      "Whether the GPU's driver sees memory taken for those layers; not_measured where no driver tells. Null without a GPU.",
    ),
  expires_at: z.string().nullable(),
  active_calls: z.number().nullable(),
  notice: z
    .string()
    .nullable()
    .describe("Where it does not run as it was meant to, such as without the GPU: why, and what to do."),
});

const gpuSchema = z.object({
  name: z.string(),
  memory_total_bytes: z.number().nullable(),
  memory_used_bytes: z.number().nullable(),
});

const done = z.object({ model: z.string(), integration: z.string(), status: z.string() });

/** Operations on models, over all integrations that serve them. */
export function modelOperations(parts: ModelOperationParts & MemoryParts): readonly Operation[] {
  return [...readingOperations(parts), ...changingOperations(parts)];
}

function readingOperations({
  manager,
  directory,
  gpus,
  memoryBytes,
}: ModelOperationParts & MemoryParts): readonly Operation[] {
  return [
    defineOperation({
      name: "models.list",
      summary: "Every model that can be called now.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/models" },
      input: z.strictObject({ integration: z.string().max(128).optional() }),
      output: z.object({ models: z.array(modelSchema).readonly() }),
      run: async ({ integration }) => {
        const models = directory.snapshot.models.filter(
          (model) => integration === undefined || model.integration === integration,
        );
        return { models: models.map(toModel) };
      },
    }),
    defineOperation({
      name: "models.show",
      summary: "Everything that an integration knows about one model.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/models/show" },
      input: modelInput,
      output: z.object({ model: modelSchema, details: z.record(z.string(), z.unknown()) }),
      run: async ({ model }, { signal }) => {
        const { info, platform } = findModel({ manager, directory }, model);
        return { model: toModel(info), details: (await platform.show?.(info.id, signal)) ?? {} };
      },
    }),
    defineOperation({
      name: "models.loaded",
      summary: "Models that are in memory now, and the GPUs of this machine.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/models/loaded" },
      input: z.strictObject({}),
      output: z.object({
        models: z.array(loadedSchema).readonly(),
        gpus: z.array(gpuSchema).readonly(),
        free_memory_bytes: z
          .number()
          .describe("What models may still take of the memory of the machine that is asked."),
      }),
      run: async (_input, { signal }) => ({
        models: await listLoaded(manager, signal),
        gpus: (await gpus(signal)).map(({ name, memoryTotalBytes, memoryUsedBytes }) => ({
          name,
          memory_total_bytes: memoryTotalBytes ?? null,
          memory_used_bytes: memoryUsedBytes ?? null,
        })),
        free_memory_bytes: memoryBytes(),
      }),
    }),
  ];
}

function changingOperations({ manager, directory }: ModelOperationParts): readonly Operation[] {
  const find = (name: string) => findModel({ manager, directory }, name);
  return [
    defineOperation({
      name: "models.refresh",
      summary: "Asks every integration anew which models it has.",
      permission: "models.write",
      rest: { method: "POST", path: "/api/v1/models/refresh" },
      audit: {
        target: ({ integration = null }) => ({
          type: integration === null ? "platform" : "integration",
          id: integration,
          name: integration,
        }),
        after: (_input, { models }) => ({ models: models.length }),
      },
      input: z.strictObject({ integration: z.string().max(128).optional() }),
      output: z.object({ models: z.array(modelSchema).readonly() }),
      run: async ({ integration }) => {
        await directory.refresh(integration);
        return { models: directory.snapshot.models.map(toModel) };
      },
    }),
    defineOperation({
      name: "models.load",
      summary: "Brings a model into memory.",
      permission: "models.write",
      rest: { method: "POST", path: "/api/v1/models/load" },
      audit: { target: toTarget },
      input: modelInput,
      output: done,
      run: async ({ model }, { signal }) => {
        const { info, platform } = find(model);
        await ability(platform.load?.bind(platform), info, "load")(info.id, signal);
        return { model: info.id, integration: info.integration, status: "loaded" };
      },
    }),
    defineOperation({
      name: "models.unload",
      summary: "Takes a model out of memory.",
      permission: "models.write",
      rest: { method: "POST", path: "/api/v1/models/unload" },
      audit: { target: toTarget },
      input: modelInput,
      output: done,
      run: async ({ model }, { signal }) => {
        const { info, platform } = find(model);
        await ability(platform.unload?.bind(platform), info, "unload")(info.id, signal);
        return { model: info.id, integration: info.integration, status: "unloaded" };
      },
    }),
    defineOperation({
      name: "models.copy",
      summary: "Gives a model another name beside its own, where it is kept.",
      permission: "models.write",
      rest: { method: "POST", path: "/api/v1/models/copy" },
      audit: { target: toTarget },
      input: copyInput,
      output: done,
      run: async ({ model, destination }, { signal }) => {
        const { info, platform } = find(model);
        await ability(platform.copy?.bind(platform), info, "copy")(info.id, destination, signal);
        await directory.refresh(info.integration);
        return { model: destination, integration: info.integration, status: "copied" };
      },
    }),
    defineOperation({
      name: "models.delete",
      summary: "Deletes a model where it is kept.",
      permission: "models.write",
      rest: { method: "DELETE", path: "/api/v1/models" },
      audit: { target: toTarget },
      input: modelInput,
      output: done,
      run: async ({ model }, { signal }) => {
        const { info, platform } = find(model);
        await ability(platform.delete?.bind(platform), info, "delete")(info.id, signal);
        await directory.refresh(info.integration);
        // Other replicas ask the integration anew.
        manager.publish({ integration: info.integration, type: "models.changed", data: {} });
        return { model: info.id, integration: info.integration, status: "deleted" };
      },
    }),
  ];
}

function toTarget(
  { model }: z.output<typeof modelInput>,
  output?: z.output<typeof done>,
): { readonly type: string; readonly id: string | null; readonly name: string } {
  return {
    type: "model",
    id: output === undefined ? null : `${output.integration}/${output.model}`,
    name: model,
  };
}

/** The ability of an integration to serve models. Throws PlatformError `not_found` or `unavailable`. */
export function modelPlatformOf(manager: Manager, name: string): ModelPlatform {
  const { state, reason } = manager.status(name);
  const platform = manager.running(name)?.models;
  if (platform !== undefined) return platform;
  throw new PlatformError(
    "unavailable",
    `The integration ${name} is ${state}${reason === null ? "" : `: ${reason}`}`,
  );
}

/** A model by its name, with the ability that serves it. Throws PlatformError `model_not_found` or `unavailable`. */
export function findModel(
  { manager, directory }: ModelOperationParts,
  name: string,
): { readonly info: CatalogueModel; readonly platform: ModelPlatform } {
  const { models } = directory.snapshot;
  const info =
    models.find((model) => model.id === name) ??
    models.find((model) => `${model.integration}/${model.id}` === name);
  if (info === undefined) {
    throw new PlatformError(
      "model_not_found",
      `The model \`${name}\` does not exist. GET /api/v1/models lists those that do.`,
      { field: "model" },
    );
  }
  return { info, platform: modelPlatformOf(manager, info.integration) };
}

async function listLoaded(
  manager: Manager,
  signal: AbortSignal,
): Promise<readonly z.output<typeof loadedSchema>[]> {
  const names = manager.list().map(({ name }) => name);
  const perIntegration = await Promise.all(
    names.map(async (integration) => {
      const loaded = (await manager.running(integration)?.models?.loaded?.(signal)) ?? [];
      return loaded.map((model) => ({
        id: model.id,
        integration,
        memory_bytes: model.memoryBytes ?? null,
        gpu_memory_bytes: model.gpuMemoryBytes ?? null,
        gpu_layers: model.gpuLayers ?? null,
        gpu: model.gpu ?? null,
        expires_at: model.expiresAtMs === undefined ? null : new Date(model.expiresAtMs).toISOString(),
        active_calls: model.activeCalls ?? null,
        notice: model.notice ?? null,
      }));
    }),
  );
  return perIntegration.flat();
}

/** What a platform can do. Throws PlatformError `unsupported_parameter` where it cannot. */
export function ability<Action>(action: Action | undefined, info: CatalogueModel, verb: string): Action {
  if (action !== undefined) return action;
  throw new PlatformError(
    "unsupported_parameter",
    `The integration ${info.integration} cannot ${verb} models.`,
    { field: "model" },
  );
}

/** A model as the management API shows it. */
export function toModel(model: CatalogueModel): z.output<typeof modelSchema> {
  return {
    id: model.id,
    integration: model.integration,
    provider: model.provider,
    operations: model.operations,
    context_tokens: model.contextTokens ?? null,
    size_bytes: model.sizeBytes ?? null,
    family: model.family ?? null,
    quantization: model.quantization ?? null,
    capabilities: model.capabilities ?? [],
    verdict: model.verdict ?? null,
  };
}

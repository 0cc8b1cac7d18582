import {
  type JsonObject,
  type ModelSettings,
  type ModelSettingsView,
  PlatformError,
} from "@llm-platform/kit";
import { z } from "zod";
import { parseModelfile, toModelOrder } from "../core/modelfile.ts";
import type { CatalogueModel } from "../gateway/model-directory.ts";
import { ability, findModel, type ModelOperationParts, modelName } from "./models.ts";
import { defineOperation, type Operation } from "./operation.ts";

const modelInput = z.strictObject({ model: modelName });

const settingsFields = z
  // Any JSON, without a description that refers to itself: it has to stand within others.
  .record(z.string().max(64), z.unknown().pipe(z.json()))
  .describe(
    "By name: context_tokens, gpu_layers, threads, batch_tokens, rope_frequency_base, rope_frequency_scale, adapters, system_prompt, chat_template, messages, the fields of sampling, keep_alive_seconds, pinned, aliases, license.",
  );

const settingsSchema = z.object({
  model: z.string(),
  integration: z.string(),
  settings: z.record(z.string(), z.unknown()).describe("What was set for this model."),
  effective: z.record(z.string(), z.unknown()).describe("What holds at its next load."),
  memory_bytes: z.number().describe("Estimate of what it takes of the machine's memory."),
  gpu_memory_bytes: z.number(),
  memory_estimate: z.string(),
  schema: z.record(z.string(), z.unknown()).describe("JSON Schema of the settings that there are."),
  is_reload_pending: z
    .boolean()
    .describe("It is in memory in another way, and is loaded anew once its calls in progress have ended."),
});

type Settings = z.output<typeof settingsSchema>;

/** Operations on settings of single models, and on models that are others with settings of their own. */
export function modelSettingOperations(parts: ModelOperationParts): readonly Operation[] {
  return [...settingOperations(parts), createOperation(parts)];
}

function settingOperations(parts: ModelOperationParts): readonly Operation[] {
  const find = (name: string) => findSettings(parts, name);
  const show = async (name: string): Promise<Settings> => {
    const { info, settings } = find(name);
    return toSettings(info, settings, await settings.get(info.id));
  };
  const audit = {
    target: ({ model }: { readonly model: string }, output?: Settings) => ({
      type: "model",
      id: output === undefined ? null : `${output.integration}/${output.model}`,
      name: model,
    }),
    before: async ({ model }: { readonly model: string }): Promise<JsonObject> => {
      const { info, settings } = find(model);
      return toAudited((await settings.get(info.id)).settings);
    },
    after: (_input: unknown, { settings }: Settings) => toAudited(settings),
  };
  return [
    defineOperation({
      name: "models.settings.get",
      summary: "How a model is run: its own settings, what holds, and the memory that it takes.",
      permission: "models.read",
      rest: { method: "GET", path: "/api/v1/models/settings" },
      input: modelInput,
      output: settingsSchema,
      run: async ({ model }) => await show(model),
    }),
    defineOperation({
      name: "models.settings.set",
      summary:
        "Changes settings of a model; null takes one back. A model in memory is loaded anew once its calls in progress have ended.",
      permission: "models.write",
      rest: { method: "PATCH", path: "/api/v1/models/settings" },
      audit: { ...audit, asked: ({ model, settings }) => ({ model, settings: toAudited(settings) }) },
      input: modelInput.extend({ settings: settingsFields }),
      output: settingsSchema,
      run: async ({ model, settings: changes }) => {
        const { info, settings } = find(model);
        return toSettings(info, settings, await settings.set(info.id, changes));
      },
    }),
    defineOperation({
      name: "models.settings.reset",
      summary: "Takes settings of a model back: those that are named, or all.",
      permission: "models.write",
      rest: { method: "POST", path: "/api/v1/models/settings/reset" },
      audit,
      input: modelInput.extend({ names: z.array(z.string().max(64)).max(64).optional() }),
      output: settingsSchema,
      run: async ({ model, names }) => {
        const { info, settings } = find(model);
        return toSettings(info, settings, await settings.reset(info.id, names));
      },
    }),
  ];
}

const createInput = z.strictObject({
  model: modelName.describe("Name of the model to make."),
  from: modelName.optional().describe("The model that it is made of. Needed without `modelfile`."),
  settings: settingsFields.optional(),
  modelfile: z
    .string()
    .max(256 * 1024)
    .optional()
    .describe("A Modelfile in Ollama's words: FROM, PARAMETER, TEMPLATE, SYSTEM, ADAPTER, LICENSE, MESSAGE."),
});

function createOperation(parts: ModelOperationParts): Operation {
  return defineOperation({
    name: "models.create",
    summary: "Makes a model of another that runs with settings of its own. Nothing is copied.",
    permission: "models.write",
    rest: { method: "POST", path: "/api/v1/models/create" },
    audit: {
      target: ({ model }) => ({ type: "model", id: null, name: model }),
      asked: ({ model, from = null, settings = {} }) => ({ model, from, settings: toAudited(settings) }),
    },
    input: createInput,
    output: z.object({ model: z.string(), integration: z.string(), status: z.string() }),
    run: async ({ model, ...input }) => {
      const { from, settings } = toOrder(input);
      const { info, platform } = findModel(parts, from);
      await ability(platform.create?.bind(platform), info, "create")(model, info.id, settings);
      await parts.directory.refresh(info.integration);
      return { model, integration: info.integration, status: "created" };
    },
  });
}

function toOrder({ from, settings = {}, modelfile }: Omit<z.output<typeof createInput>, "model">): {
  readonly from: string;
  readonly settings: JsonObject;
} {
  const order =
    modelfile === undefined ? { from: undefined, settings: {} } : toModelOrder(parseModelfile(modelfile));
  const base = from ?? order.from;
  if (base === undefined)
    throw new PlatformError("invalid_request", "Name the model that it is made of: in `from`, or by FROM.", {
      field: "from",
    });
  return { from: base, settings: { ...order.settings, ...settings } };
}

/** Which settings, and their numbers: texts may be long, and nobody else's business. */
function toAudited(settings: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      typeof value === "number" || typeof value === "boolean" || value === null ? value : "[not shown]",
    ]),
  );
}

function findSettings(
  parts: ModelOperationParts,
  name: string,
): { readonly info: CatalogueModel; readonly settings: ModelSettings } {
  const { info, platform } = findModel(parts, name);
  return { info, settings: ability(platform.settings, info, "change settings of its") };
}

function toSettings(
  { id, integration }: CatalogueModel,
  { schema }: ModelSettings,
  view: ModelSettingsView,
): Settings {
  return {
    model: id,
    integration,
    settings: { ...view.settings },
    effective: { ...view.effective },
    memory_bytes: view.memory.memoryBytes,
    gpu_memory_bytes: view.memory.gpuMemoryBytes,
    memory_estimate: view.memory.estimate,
    schema: { ...schema },
    is_reload_pending: view.isReloadPending,
  };
}

import {
  type JsonObject,
  type ModelSettings,
  type ModelSettingsView,
  PlatformError,
} from "@llm-platform/kit";
import { scanChatTemplate } from "./formats/chat-template-scan.ts";
import { formatEstimate } from "./memory-estimate.ts";
import type { ModelOpener } from "./model-opener.ts";
import type { ModelPlan } from "./model-plan.ts";
import type { ModelRecord, ModelRecords } from "./model-records.ts";
import type { ModelScheduler } from "./model-scheduler.ts";
import {
  invalidSetting,
  type ModelSettingsInput,
  modelSettingNames,
  modelSettingsJsonSchema,
  parseModelSettings,
  unknownName,
} from "./model-settings.ts";
import type { ModelShelf, ShelfModel } from "./model-shelf.ts";

export interface SettingsAbilityParts {
  readonly shelf: ModelShelf;
  readonly records: ModelRecords;
  readonly opener: ModelOpener;
  readonly scheduler: ModelScheduler;
  /** Called when a model is other than it was: it is loaded anew if it is in memory, and listed anew. */
  onChange(model: ShelfModel): void;
}

/** The settings of the models of the local engine. */
export function createSettingsAbility(parts: SettingsAbilityParts): ModelSettings {
  const { shelf, records } = parts;
  const keep = async (model: ShelfModel, wanted: JsonObject): Promise<ModelSettingsView> => {
    const settings = await checkSettings(parts, model, wanted);
    const { from } = model.record;
    if (from === undefined && Object.keys(settings).length === 0) await records.delete(model.file.id);
    else await records.set(model.file.id, { ...model.record, settings });
    const changed = await shelf.find(model.file.id);
    parts.onChange(changed);
    return await view(parts, changed);
  };
  return {
    schema: modelSettingsJsonSchema,
    get: async (name) => await view(parts, await shelf.find(name)),
    async set(name, changes) {
      const model = await shelf.find(name);
      const merged = Object.entries({ ...toJson(model.record.settings), ...changes });
      return await keep(model, Object.fromEntries(merged.filter(([, value]) => value !== null)));
    },
    async reset(name, names = modelSettingNames) {
      const unknown = names.find((one) => !modelSettingNames.includes(one));
      if (unknown !== undefined) throw unknownName(unknown);
      const model = await shelf.find(name);
      const left = Object.entries(toJson(model.record.settings)).filter(([key]) => !names.includes(key));
      return await keep(model, Object.fromEntries(left));
    },
  };
}

/**
 * What is to hold for a model, checked against the schema, other models, its files and the memory that there is.
 * Throws PlatformError `invalid_request`, `conflict` or `insufficient_storage`.
 */
export async function checkSettings(
  { shelf, opener, scheduler }: Pick<SettingsAbilityParts, "shelf" | "opener" | "scheduler">,
  model: ShelfModel,
  wanted: JsonObject,
): Promise<ModelSettingsInput> {
  const settings = parseModelSettings(wanted);
  if (settings.chat_template !== undefined) await checkTemplate(settings.chat_template);
  for (const alias of settings.aliases ?? []) {
    const holder = await shelf.holderOf(alias);
    if (holder === undefined || (holder === model.file.id && alias !== holder)) continue;
    throw new PlatformError("conflict", `'${alias}' is the name of the model '${holder}'. Choose another.`, {
      field: "settings.aliases",
    });
  }
  const { memory } = await opener.plan(model, settings);
  scheduler.requireRoom({
    id: model.file.id,
    bytes: memory.memoryBytes,
    gpuBytes: memory.gpuBytes,
    estimate: formatEstimate(memory),
  });
  return settings;
}

/** The template is parsed and looked at as a text. Only the engine, in a process of its own, renders it. */
async function checkTemplate(text: string): Promise<void> {
  const [suspicion] = scanChatTemplate(text);
  if (suspicion !== undefined) throw invalidSetting("chat_template", suspicion.replace(/\.$/, ""));
  // Few servers ever need it.
  const { Template } = await import("@huggingface/jinja");
  try {
    new Template(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message.slice(0, 200) : "it cannot be read";
    throw invalidSetting("chat_template", `it is not a Jinja template: ${detail}`);
  }
}

async function view(
  { opener, scheduler }: SettingsAbilityParts,
  model: ShelfModel,
): Promise<ModelSettingsView> {
  const [plan, loadable] = await Promise.all([opener.plan(model), opener.prepare(model)]);
  const { memory } = plan;
  return {
    settings: toJson(model.record.settings),
    effective: toEffective(plan, model.record),
    memory: {
      memoryBytes: memory.memoryBytes,
      gpuMemoryBytes: memory.gpuBytes,
      estimate: formatEstimate(memory),
    },
    isReloadPending: scheduler.isOutdated(loadable),
  };
}

function toEffective({ engine, memory, keepAliveMs, isPinned }: ModelPlan, record: ModelRecord): JsonObject {
  return {
    ...toJson(record.settings),
    context_tokens: engine.contextTokens,
    gpu_layers: memory.gpuLayers,
    threads: engine.threads,
    keep_alive_seconds: keepAliveMs === undefined ? -1 : keepAliveMs / 1_000,
    pinned: isPinned,
  };
}

/** Without what is not set. */
function toJson(settings: ModelSettingsInput): JsonObject {
  return JSON.parse(JSON.stringify(settings));
}

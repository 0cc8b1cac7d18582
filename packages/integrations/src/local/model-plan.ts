import { threadsFor } from "./available-resources.ts";
import type { EngineOptions } from "./engine/engine-options.ts";
import { estimateMemory, type MemoryEstimate } from "./memory-estimate.ts";
import { type WindowParts, windowOf } from "./context-window.ts";
import { isEmbeddingModel, type ModelFile } from "./model-file.ts";
import { type ModelSettingsInput, samplingOf } from "./model-settings.ts";
import type { LocalSettings } from "./settings.ts";

/** Most calls that may wait inside an engine for a sequence: only calls with several choices wait there. */
const engineQueueLength = 256;

/** An adapter with its file found. */
export interface FoundAdapter {
  readonly path: string;
  readonly scale: number;
  readonly sizeBytes: number;
}

/** What plans are made of beside the model. */
export interface PlanParts extends WindowParts {
  readonly settings: LocalSettings;
  readonly cores: number;
}

/** How a model is run: the settings of the integration, its file and its own settings together. */
export interface ModelPlan {
  readonly engine: Omit<EngineOptions, "socketPath">;
  readonly memory: MemoryEstimate;
  /** Undefined: for ever. */
  readonly keepAliveMs: number | undefined;
  readonly isPinned: boolean;
}

export function planModel(
  file: ModelFile,
  own: { readonly settings: ModelSettingsInput; readonly adapters: readonly FoundAdapter[] },
  parts: PlanParts,
): ModelPlan {
  const { settings: general, cores, gpuRoomBytes } = parts;
  const { settings, adapters } = own;
  const contextTokens = windowOf(file, settings, parts);
  const memory = estimateMemory(file, {
    contextTokens,
    parallel: general.parallel,
    batchTokens: settings.batch_tokens,
    adapterBytes: adapters.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    gpuRoomBytes: general.gpu === "auto" ? gpuRoomBytes : 0,
    gpuLayers: settings.gpu_layers,
  });
  const isPinned = settings.pinned === true;
  const keepAliveSeconds = settings.keep_alive_seconds ?? general.keep_alive_seconds;
  return {
    engine: {
      modelId: file.id,
      modelPath: file.path,
      contextTokens,
      parallel: general.parallel,
      threads: threadsFor(file.sizeBytes, cores, settings.threads ?? general.threads),
      gpu: general.gpu,
      gpuLayers: general.gpu === "auto" ? settings.gpu_layers : undefined,
      batchTokens: settings.batch_tokens,
      overrides: toOverrides(file.head.architecture, settings),
      adapters: adapters.map(({ path, scale }) => ({ path, scale })),
      chatTemplate: settings.chat_template,
      defaults: {
        sampling: samplingOf(settings),
        systemPrompt: settings.system_prompt,
        messages: settings.messages ?? [],
      },
      isGenerative: !isEmbeddingModel(file),
      queueLength: engineQueueLength,
    },
    memory,
    keepAliveMs: isPinned || keepAliveSeconds < 0 ? undefined : keepAliveSeconds * 1_000,
    isPinned,
  };
}

/** The rope as the head of a file tells of it. */
function toOverrides(
  architecture: string,
  { rope_frequency_base: base, rope_frequency_scale: scale }: ModelSettingsInput,
): EngineOptions["overrides"] {
  return {
    ...(base === undefined ? {} : { [`${architecture}.rope.freq_base`]: toFloat(base) }),
    ...(scale === undefined
      ? {}
      : {
          [`${architecture}.rope.scaling.type`]: "linear",
          [`${architecture}.rope.scaling.factor`]: toFloat(1 / scale),
        }),
  };
}

/** The library takes a whole number for an integer, which llama.cpp then ignores; as 32-bit floats the two are the same. */
function toFloat(value: number): number {
  return Number.isInteger(value) ? value * (1 + 1e-12) : value;
}

import type { JsonObject } from "./chat.ts";

/** What a model takes when it is loaded, estimated beforehand, in bytes. */
export interface ModelMemory {
  readonly memoryBytes: number;
  readonly gpuMemoryBytes: number;
  /** One line for a person: how the sum comes about. */
  readonly estimate: string;
}

/** The settings of one model. */
export interface ModelSettingsView {
  /** What was set for this model, by name. */
  readonly settings: JsonObject;
  /** What holds at its next load: what was set, and the platform's defaults for the rest. */
  readonly effective: JsonObject;
  readonly memory: ModelMemory;
  /** Whether it is in memory with other settings still: it is loaded anew once its calls in progress have ended. */
  readonly isReloadPending: boolean;
}

/**
 * The ability of a platform to run single models in other ways than by its own settings, changed while it runs and kept
 * over restarts. All reject with PlatformError: `model_not_found`, `invalid_request` naming the field, and
 * `insufficient_storage` for what would not fit into memory; then nothing was changed.
 */
export interface ModelSettings {
  /** JSON Schema of the settings that there are, none of them required. Forms are drawn from it. */
  readonly schema: JsonObject;
  get(model: string): Promise<ModelSettingsView>;
  /** Sets what is named; null takes one setting back. The rest stays as it is. */
  set(model: string, changes: JsonObject): Promise<ModelSettingsView>;
  /** Takes back what is named, and without names all. */
  reset(model: string, names?: readonly string[]): Promise<ModelSettingsView>;
}

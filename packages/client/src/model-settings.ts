import type { CallOptions } from "./call-options.ts";
import { toQuery } from "./query.ts";

/** How one model is run. */
export interface ModelSettings {
  readonly model: string;
  readonly integration: string;
  /** What was set for it, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What holds at its next load. */
  readonly effective: Readonly<Record<string, unknown>>;
  readonly memory_bytes: number;
  readonly gpu_memory_bytes: number;
  readonly memory_estimate: string;
  readonly is_reload_pending: boolean;
}

/** A model to be made of another: by `from` and `settings`, or by a Modelfile. */
export interface NewModel {
  readonly model: string;
  readonly from?: string | undefined;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly modelfile?: string;
}

/** A GPU of the server's machine. */
export interface ServerGpu {
  readonly name: string;
  readonly memory_total_bytes: number | null;
  readonly memory_used_bytes: number | null;
}

/** What models and the store take of the disk of the data folder. */
export interface ModelDisk {
  readonly size_bytes: number;
  readonly free_bytes: number;
  readonly models_bytes: number;
  readonly store_bytes: number;
  readonly models: readonly {
    readonly id: string;
    readonly integration: string;
    readonly size_bytes: number;
  }[];
}

/** The calls that are about settings of single models. */
export interface ModelSettingCalls {
  modelSettings(model: string): Promise<ModelSettings>;
  /** Null takes a setting back. */
  setModelSettings(model: string, settings: Readonly<Record<string, unknown>>): Promise<ModelSettings>;
  /** Without names all. */
  resetModelSettings(model: string, names?: readonly string[]): Promise<ModelSettings>;
  gpus(): Promise<readonly ServerGpu[]>;
  modelDisk(): Promise<ModelDisk>;
  createModel(model: NewModel): Promise<{ readonly model: string; readonly integration: string }>;
}

type Call = <Output>(path: string, options?: CallOptions) => Promise<Output>;

export function createModelSettingCalls(call: Call): ModelSettingCalls {
  const path = "/api/v1/models/settings";
  return {
    modelSettings: (model) => call(`${path}${toQuery({ model })}`),
    setModelSettings: (model, settings) => call(path, { method: "PATCH", body: { model, settings } }),
    resetModelSettings: (model, names) => call(`${path}/reset`, { method: "POST", body: { model, names } }),
    gpus: async () => (await call<{ gpus: readonly ServerGpu[] }>("/api/v1/models/loaded")).gpus,
    modelDisk: () => call("/api/v1/models/disk"),
    createModel: (model) => call("/api/v1/models/create", { method: "POST", body: model }),
  };
}

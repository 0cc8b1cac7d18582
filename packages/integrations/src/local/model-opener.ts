import { stat } from "node:fs/promises";
import type { AdapterFinder } from "./adapter-file.ts";
import { type ReadGpuBytes, startEngine } from "./engine-process.ts";
import type { GpuFaults } from "./gpu-faults.ts";
import { windowOf } from "./context-window.ts";
import { formatEstimate } from "./memory-estimate.ts";
import { type FoundAdapter, type ModelPlan, type PlanParts, planModel } from "./model-plan.ts";
import type { LoadableModel } from "./loadable-model.ts";
import type { ModelFile } from "./model-file.ts";
import { invalidSetting, type ModelSettingsInput } from "./model-settings.ts";
import type { ShelfModel } from "./model-shelf.ts";
import type { SocketFolder } from "./socket-path.ts";

/** Makes models ready for the scheduler. */
export interface ModelOpener {
  /** Resolves with the same object for the same model, while the GPU can run it or not. Rejects with PlatformError `invalid_request` for adapters that are gone. */
  prepare(model: ShelfModel): Promise<LoadableModel>;
  /** Tokens of prompt and answer together that each call of a model gets. */
  windowOf(model: ShelfModel): number;
  /** How a model would be run with other settings. */
  plan(model: ShelfModel, settings?: ModelSettingsInput): Promise<ModelPlan>;
}

interface OpenerParts extends PlanParts {
  readonly gpuFaults: GpuFaults;
  readonly sockets: SocketFolder;
  /** Rejects with PlatformError `invalid_request`. */
  readonly findAdapter: AdapterFinder;
  readonly readGpuBytes: ReadGpuBytes;
}

export function createModelOpener(parts: OpenerParts): ModelOpener {
  const { sockets, settings, gpuFaults } = parts;
  const prepared = new WeakMap<ShelfModel, LoadableModel>();

  const findAdapters = async (
    { adapters = [] }: ModelSettingsInput,
    { head }: ModelFile,
  ): Promise<readonly FoundAdapter[]> => {
    const found = await Promise.all(
      adapters.map(async ({ path: name, scale }) => {
        const path = await parts.findAdapter(name, head.architecture);
        return { path, scale, sizeBytes: (await stat(path)).size };
      }),
    );
    // The library would take the last scale only.
    if (new Set(found.map(({ path }) => path)).size < found.length)
      throw invalidSetting("adapters", "an adapter stands there twice; add its scales");
    return found;
  };
  const plan: ModelOpener["plan"] = async ({ file, record }, settings = record.settings) =>
    planModel(file, { settings, adapters: await findAdapters(settings, file) }, parts);
  const toLoadable = ({ engine, memory, keepAliveMs, isPinned }: ModelPlan): LoadableModel => ({
    id: engine.modelId,
    bytes: memory.memoryBytes,
    gpuBytes: memory.gpuBytes,
    estimate: formatEstimate(memory),
    stamp: JSON.stringify(engine),
    keepAliveMs,
    isPinned,
    open: (listener) =>
      startEngine({ ...engine, socketPath: sockets.newPath() }, listener, parts.readGpuBytes),
  });

  return {
    windowOf: ({ file, record }) => windowOf(file, record.settings, parts),
    plan,
    async prepare(model) {
      const known = prepared.get(model);
      if (known !== undefined) return gpuFaults.runnable(known);
      const { file, record } = model;
      const own = { settings: record.settings, adapters: await findAdapters(record.settings, file) };
      const planned = planModel(file, own, parts);
      const loadable = toLoadable(planned);
      // Its window stays what was told of it.
      const { contextTokens } = planned.engine;
      const withoutGpu =
        settings.gpu === "off"
          ? undefined
          : toLoadable(
              planModel(file, own, {
                ...parts,
                settings: { ...settings, gpu: "off", context_tokens: contextTokens },
              }),
            );
      const whole = { ...loadable, withoutGpu };
      prepared.set(model, whole);
      return gpuFaults.runnable(whole);
    },
  };
}

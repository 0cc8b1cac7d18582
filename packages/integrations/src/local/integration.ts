import {
  defineIntegration,
  type Health,
  type IntegrationContext,
  type ModelPlatform,
  type RunningIntegration,
  toPlatformError,
} from "@llm-platform/kit";
import {
  type AvailableResources,
  freeGpuBytes,
  memoryLimitOf,
  readAvailableResources,
  usedGpuBytes,
} from "./available-resources.ts";
import { CrashMemory } from "./crash-memory.ts";
import { createEngineUpstreams } from "./engine-upstreams.ts";
import { GpuFaults } from "./gpu-faults.ts";
import { createLocalPlatform } from "./local-platform.ts";
import { localMetrics } from "./metrics.ts";
import { createModelCatalog } from "./model-catalog.ts";
import { createModelFiles } from "./model-files.ts";
import { createModelInstances } from "./model-instances.ts";
import { createModelOpener } from "./model-opener.ts";
import { createModelRecords } from "./model-records.ts";
import { ModelScheduler } from "./model-scheduler.ts";
import type { SchedulerEvents, SchedulerParts } from "./scheduler-parts.ts";
import { systemClock } from "./scheduler-clock.ts";
import { createAdapterFinder } from "./adapter-file.ts";
import { createModelShelf } from "./model-shelf.ts";
import { type LocalSettings, localSettings } from "./settings.ts";
import { openSocketFolder } from "./socket-path.ts";

const pingTimeoutMs = 3_000;

/** Runs GGUF files of local folders, each loaded model in a process of its own. */
export const localIntegration = defineIntegration<LocalSettings>({
  contract: 1,
  id: "local",
  type: "model_platform",
  summary: "Runs GGUF models on this machine, one process for each loaded model.",
  settings: localSettings,
  metrics: localMetrics,
  start,
});

async function start(context: IntegrationContext<LocalSettings>): Promise<RunningIntegration> {
  const { settings, log } = context;
  const resources = await readAvailableResources();
  const gpuRoomBytes = settings.gpu === "auto" ? freeGpuBytes(await context.gpus(context.signal)) : 0;
  const limits = toLimits(settings, { resources, gpuRoomBytes });
  const sockets = await openSocketFolder(context.dataDirectory);
  const crashes = new CrashMemory();
  const gpuFaults = new GpuFaults();
  const catalog = createModelCatalog({
    directories: settings.model_directories,
    storageDirectory: settings.storage_directory,
    log,
    onChange: () => context.emit("models.changed"),
  });
  const records = createModelRecords({ keyValues: context.keyValues, log });
  const shelf = createModelShelf(catalog, records);
  await shelf.list();
  if (context.signal.aborted) {
    await sockets.remove();
    throw toPlatformError(context.signal.reason, "The start was given up.");
  }
  const scheduler = new ModelScheduler({
    clock: systemClock,
    log,
    events: createEvents(context, crashes),
    gpuFaults,
    limits,
  });
  const opener = createModelOpener({
    settings,
    sockets,
    gpuFaults,
    cores: resources.cores,
    room: {
      nowBytes: limits.maxBytes,
      usualBytes: memoryLimitOf(resources.totalMemoryBytes, settings.memory_limit_bytes),
    },
    gpuRoomBytes,
    findAdapter: createAdapterFinder(settings, catalog),
    readGpuBytes: async () => usedGpuBytes(await context.gpus(context.signal)),
  });
  const upstreams = createEngineUpstreams(context, settings.parallel);
  const instances = createModelInstances({
    scheduler,
    log,
    maxInstances: settings.max_instances,
    parallel: settings.parallel,
  });
  const models = createLocalPlatform({
    context,
    catalog,
    records,
    shelf,
    scheduler,
    instances,
    opener,
    upstreams,
    gpuFaults,
  });
  const pinned = [...records.all].filter(([, record]) => record.settings.pinned === true).map(([id]) => id);
  for (const model of new Set([...settings.preload, ...pinned])) void preload(models, model, context);
  return {
    models,
    modelFiles: createModelFiles({ settings, log, onBrought: async () => void (await catalog.scan()) }),
    health: async (signal) => await probe(scheduler, { crashes, gpuFaults }, signal),
    async stop(signal) {
      await scheduler.stop(signal);
      await sockets.remove();
    },
  };
}

/** A model that cannot be preloaded is told in the log; the first call for it tells its caller. */
async function preload(
  models: ModelPlatform,
  model: string,
  context: IntegrationContext<LocalSettings>,
): Promise<void> {
  try {
    await models.load?.(model, context.signal);
  } catch (error) {
    context.log.warn("model.preload_failed", { model, reason: toPlatformError(error).message });
  }
}

async function probe(
  scheduler: ModelScheduler,
  { crashes, gpuFaults }: { readonly crashes: CrashMemory; readonly gpuFaults: GpuFaults },
  signal: AbortSignal,
): Promise<Health> {
  const silent = await scheduler.findSilent(AbortSignal.any([signal, AbortSignal.timeout(pingTimeoutMs)]));
  const [first] = silent;
  if (first !== undefined) return { status: "degraded", detail: `The engine of '${first}' does not answer.` };
  const ofCrashes = crashes.health(systemClock.nowMs());
  return ofCrashes.status === "ok" ? gpuFaults.health() : ofCrashes;
}

function createEvents(context: IntegrationContext<LocalSettings>, crashes: CrashMemory): SchedulerEvents {
  const { metrics, log, emit } = {
    metrics: context.metrics,
    log: context.log,
    emit: context.emit.bind(context),
  };
  const onGpu = new Set<string>();
  const leaveGpu = (model: string): void => {
    if (onGpu.delete(model)) metrics.set("gpu_memory_bytes", 0, { model });
  };
  return {
    onLoaded(model, seconds, gpu) {
      crashes.recordLoad(model);
      if (gpu?.bytes !== undefined) {
        metrics.set("gpu_memory_bytes", gpu.bytes, { model });
        onGpu.add(model);
      }
      if (gpu?.state === "claimed_not_seen") log.warn("model.gpu_not_seen", { model, layers: gpu.layers });
      metrics.add("loads_total", 1, { result: "ok" });
      metrics.observe("load_seconds", seconds);
      log.info("model.loaded", { model, seconds });
      emit("model.loaded", { model, seconds });
    },
    onLoadFailed(model) {
      metrics.add("loads_total", 1, { result: "failed" });
      log.error("model.load_failed", { model });
      emit("model.load_failed", { model });
    },
    onUnloaded(model, reason) {
      leaveGpu(model);
      if (reason === "evicted") metrics.add("evictions_total", 1);
      log.info("model.unloaded", { model, reason });
      emit("model.unloaded", { model, reason });
    },
    onCrashed(model, detail) {
      leaveGpu(model);
      crashes.recordCrash(model, systemClock.nowMs());
      metrics.add("crashes_total", 1);
      log.error("model.crashed", detail);
      emit("model.crashed", detail);
    },
    onGpuUnusable(model, reason) {
      log.error("model.gpu_unusable", { model, reason });
      emit("model.gpu_unusable", { model, reason });
    },
    onGenerated: (_model, tokens) => metrics.add("tokens_generated_total", tokens),
    onResidents: (count) => metrics.set("active_models", count),
  };
}

function toLimits(
  settings: LocalSettings,
  { resources, gpuRoomBytes }: { readonly resources: AvailableResources; readonly gpuRoomBytes: number },
): SchedulerParts["limits"] {
  return {
    maxModels: settings.max_loaded_models,
    maxBytes: memoryLimitOf(resources.memoryBytes, settings.memory_limit_bytes),
    maxGpuBytes: gpuRoomBytes,
    parallel: settings.parallel,
    queueLength: settings.queue_length,
    queueWaitMs: settings.queue_wait_seconds * 1000,
    loadTimeoutMs: settings.load_timeout_seconds * 1000,
    maxLoadsPerMinute: settings.max_loads_per_minute,
  };
}

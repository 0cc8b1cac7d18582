import { Cancellation, PlatformError } from "@llm-platform/kit";
import { createRecordedLog } from "@llm-platform/kit/testing";
import type { Engine, EngineExit, EngineFacts } from "./engine-process.ts";
import { GpuFaults } from "./gpu-faults.ts";
import type { LoadableModel } from "./loadable-model.ts";
import { ModelScheduler } from "./model-scheduler.ts";
import type { SchedulerClock } from "./scheduler-clock.ts";
import type { SchedulerParts } from "./scheduler-parts.ts";

const facts: EngineFacts = { contextTokens: 64, memoryBytes: 10, loadMs: 1 };

/** Time that moves by hand. */
function createHandClock(): SchedulerClock & { advance(ms: number): void } {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; action: () => void }>();
  return {
    nowMs: () => nowMs,
    after(delayMs, action) {
      const timer = { atMs: nowMs + delayMs, action };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      nowMs += ms;
      for (const timer of timers) {
        if (timer.atMs > nowMs || !timers.delete(timer)) continue;
        timer.action();
      }
    },
  };
}

/** An engine whose life is told by the test. */
interface HandEngine extends Engine {
  ping: Engine["ping"];
  load(): Promise<void>;
  die(gpuFault?: string): Promise<void>;
}

function createHandEngine(): HandEngine {
  const ready = Promise.withResolvers<EngineFacts>();
  const exited = Promise.withResolvers<EngineExit>();
  ready.promise.catch(() => undefined);
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return {
    socketPath: "/none",
    processId: undefined,
    ready: ready.promise,
    exited: exited.promise,
    ping: async () => true,
    async stop() {
      ready.reject(new PlatformError("unavailable", "stopped"));
      exited.resolve({ code: 0, signal: null });
      await exited.promise;
    },
    async load() {
      ready.resolve(facts);
      await settle();
    },
    async die(gpuFault) {
      ready.reject(new PlatformError("unavailable", "died"));
      exited.resolve({ code: null, signal: "SIGKILL", gpuFault });
      await settle();
    },
  };
}

/** A scheduler over engines and a clock that the test moves. */
export function setUpScheduler(limits: Partial<SchedulerParts["limits"]> = {}) {
  const clock = createHandClock();
  const engines: { id: string; engine: HandEngine }[] = [];
  const happened: string[] = [];
  const scheduler = new ModelScheduler({
    clock,
    log: createRecordedLog().log,
    gpuFaults: new GpuFaults(),
    events: {
      onLoaded: (model) => happened.push(`loaded ${model}`),
      onLoadFailed: (model) => happened.push(`failed ${model}`),
      onUnloaded: (model, reason) => happened.push(`${reason} ${model}`),
      onGpuUnusable: (model, reason) => happened.push(`${model} without the GPU: ${reason}`),
      onCrashed: (model) => happened.push(`crashed ${model}`),
      onGenerated: () => undefined,
      onResidents: () => undefined,
    },
    limits: {
      maxModels: 2,
      maxBytes: 100,
      maxGpuBytes: 0,
      parallel: 2,
      queueLength: 3,
      queueWaitMs: 1000,
      loadTimeoutMs: 5000,
      maxLoadsPerMinute: Number.POSITIVE_INFINITY,
      ...limits,
    },
  });
  const model = (id: string, bytes = 10, more: Partial<LoadableModel> = {}): LoadableModel => ({
    id,
    bytes,
    gpuBytes: 0,
    estimate: `${bytes} bytes`,
    stamp: "",
    keepAliveMs: 10_000,
    isPinned: false,
    ...more,
    open() {
      const engine = createHandEngine();
      engines.push({ id, engine });
      return engine;
    },
  });
  const last = (): HandEngine => {
    const engine = engines.at(-1)?.engine;
    if (engine === undefined) throw new Error("no engine was started");
    return engine;
  };
  const take = (id: string, cancellation = new Cancellation(), tenant = "") =>
    scheduler.take(model(id), cancellation, tenant);
  const bring = async (id: string) => {
    const turn = take(id);
    await last().load();
    return await turn;
  };
  return { clock, engines, happened, scheduler, model, last, take, bring };
}

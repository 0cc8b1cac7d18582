import type { LoadedModel } from "@llm-platform/kit";
import type { Engine } from "./engine-process.ts";
import { type GpuUse, noticeOfGpuUse } from "./gpu-use.ts";
import type { LoadableModel } from "./loadable-model.ts";
import type { Resident } from "./room-policy.ts";
import type { SchedulerClock } from "./scheduler-clock.ts";

/** A place in memory with the model that has it. */
export interface Seat {
  model: LoadableModel;
  readonly engine: Engine;
  state: "loading" | "ready" | "suspect" | "stopping";
  /** Gives no further turns: another model waits for its place. */
  isYielding: boolean;
  /** Gives no further turns: somebody asked for it to be unloaded, and its calls are waited for. */
  isClosing: boolean;
  /** Told when its last call is over. */
  readonly onIdle: (() => void)[];
  memoryBytes: number;
  /** As it was measured; undefined until the model is loaded, and for one without the GPU. */
  gpu: GpuUse | undefined;
  activeCalls: number;
  readyAtMs: number;
  lastUsedMs: number;
  expiresAtMs: number | undefined;
  disarm: () => void;
}

export function createSeat(model: LoadableModel, engine: Engine, nowMs: number): Seat {
  return {
    model,
    engine,
    state: "loading",
    isYielding: false,
    isClosing: false,
    onIdle: [],
    memoryBytes: model.bytes,
    gpu: undefined,
    activeCalls: 0,
    readyAtMs: nowMs,
    lastUsedMs: nowMs,
    expiresAtMs: undefined,
    disarm: () => undefined,
  };
}

/** A model in memory as people are told of it. `toWallMs` turns the scheduler's time into that of the calendar. */
export function toLoadedModel(seat: Seat, toWallMs: (ms: number) => number): LoadedModel {
  const { model, memoryBytes, gpu, activeCalls, expiresAtMs } = seat;
  const notice = gpu === undefined ? undefined : noticeOfGpuUse(gpu);
  return {
    id: model.id,
    memoryBytes,
    ...(gpu === undefined ? {} : { gpu: gpu.state, gpuLayers: gpu.layers }),
    ...(gpu?.bytes === undefined ? {} : { gpuMemoryBytes: gpu.bytes }),
    ...(notice === undefined ? {} : { notice }),
    activeCalls,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs: Math.round(toWallMs(expiresAtMs)) }),
  };
}

/** As the policy of the room sees it. `hasTurn` while it is its turn to stay. */
export function toResident(seat: Seat, hasTurn: boolean): Resident {
  const { model, state, activeCalls, lastUsedMs } = seat;
  return {
    id: model.id,
    bytes: model.bytes,
    gpuBytes: model.gpuBytes,
    isPinned: model.isPinned,
    isFixed: state !== "ready" || hasTurn,
    isLeaving: state === "stopping",
    isBusy: activeCalls > 0,
    lastUsedMs,
  };
}

/** Gives no further turns, and resolves when the calls are over, or after so long. */
export async function closeSeat(seat: Seat, clock: SchedulerClock, limitMs: number): Promise<void> {
  seat.isClosing = true;
  if (seat.activeCalls === 0) return;
  const over = Promise.withResolvers<void>();
  seat.onIdle.push(over.resolve);
  const disarm = clock.after(limitMs, over.resolve);
  await over.promise;
  disarm();
}

import type { JsonObject, Log } from "@llm-platform/kit";
import type { Engine } from "./engine-process.ts";
import type { GpuFaults } from "./gpu-faults.ts";
import type { GpuUse } from "./gpu-use.ts";
import type { RoomLimits } from "./room-policy.ts";
import type { SchedulerClock } from "./scheduler-clock.ts";

/** A turn at a loaded model. */
export interface Turn {
  /** Where the model is served. */
  readonly engine: Engine;
  /**
   * Says that the call is over; later calls change nothing.
   * After one whose connection broke the engine gets no further calls until it has answered a ping.
   */
  release(outcome?: "broken"): void;
}

/** Why a model left memory. */
export type UnloadReason = "idle" | "evicted" | "changed" | "asked" | "stopping";

/** What the scheduler tells: counted and announced by the integration. */
export interface SchedulerEvents {
  onLoaded(model: string, seconds: number, gpu: GpuUse | undefined): void;
  onLoadFailed(model: string): void;
  onUnloaded(model: string, reason: UnloadReason): void;
  onCrashed(model: string, detail: JsonObject): void;
  /** @param reason the last thing that the library said */
  onGpuUnusable(model: string, reason: string): void;
  onGenerated(model: string, tokens: number): void;
  /** How many models are in memory now. */
  onResidents(count: number): void;
}

export interface SchedulerParts {
  readonly clock: SchedulerClock;
  readonly log: Log;
  readonly events: SchedulerEvents;
  readonly gpuFaults: GpuFaults;
  readonly limits: RoomLimits & {
    readonly parallel: number;
    readonly queueLength: number;
    readonly queueWaitMs: number;
    readonly loadTimeoutMs: number;
    /** Once so many were loaded within a minute, none is put out for another. */
    readonly maxLoadsPerMinute: number;
  };
}

import { PlatformError } from "@llm-platform/kit";
import { judgeOverload, type MemoryState, noOverload, type OverloadSettings } from "../core/overload.ts";
import type { PlatformMetrics } from "../telemetry/platform-metrics.ts";

export interface OverloadGuardParts {
  readonly settings: OverloadSettings;
  readonly metrics: PlatformMetrics;
  /** The part of the memory that is in use; undefined where no bound of it is known. */
  readMemory(): number | undefined;
  /** Connections that carry no request are to be ended now. */
  closeIdle(): void;
  /** Monotonic. */
  nowMs(): number;
  random(): number;
}

/** Keeps a process from more work than it has the time and the memory for. */
export interface OverloadGuard {
  /** Whether replies are to end their connections, because memory is short. */
  readonly isTight: boolean;
  /** Why a new call is refused; undefined for one that may come in. */
  refusal(): PlatformError | undefined;
  /** Looks how things stand. To be called every `overloadLookMs`. */
  look(): void;
}

/** How often the guard is to look. */
export const overloadLookMs = 250;
/** Reading the memory costs files: once a second will do. */
const looksPerMemoryReading = 4;
const memoryRetryMs = 5_000;
const lateRetryMs = 1_000;
const memoryValues: Readonly<Record<MemoryState, number>> = { ok: 0, high: 1, full: 2 };

export function createOverloadGuard(parts: OverloadGuardParts): OverloadGuard {
  const { settings, metrics, readMemory, closeIdle, nowMs, random } = parts;
  const refused = {
    memory: metrics.overloadRefused.series("memory"),
    loop: metrics.overloadRefused.series("event_loop"),
  };
  let memoryRatio = readMemory();
  let state = judgeOverload(noOverload, { memoryRatio, loopDelayMs: 0 }, settings);
  let looks = 0;
  let lastLookMs = nowMs();
  show();

  function show(): void {
    metrics.overloadState.series("memory").set(memoryValues[state.memory]);
    metrics.overloadState.series("event_loop").set(state.shedRatio > 0 ? 2 : 0);
    metrics.overloadShed.series().set(state.shedRatio);
    if (memoryRatio !== undefined) metrics.memoryRatio.series().set(memoryRatio);
  }

  return {
    get isTight() {
      return state.memory !== "ok";
    },
    refusal() {
      if (state.memory === "full") {
        refused.memory.add();
        return new PlatformError("overloaded", "The server is short of memory and takes no new calls.", {
          retryAfterMs: memoryRetryMs,
        });
      }
      if (state.shedRatio === 0 || random() >= state.shedRatio) return undefined;
      refused.loop.add();
      return new PlatformError(
        "overloaded",
        "The server has more to do than it can, and refuses some calls.",
        {
          retryAfterMs: lateRetryMs,
        },
      );
    },
    look() {
      const atMs = nowMs();
      const loopDelayMs = Math.max(0, atMs - lastLookMs - overloadLookMs);
      lastLookMs = atMs;
      if (++looks % looksPerMemoryReading === 0) memoryRatio = readMemory();
      const before = state.memory;
      state = judgeOverload(state, { memoryRatio, loopDelayMs }, settings);
      metrics.loopDelay.series().set(loopDelayMs / 1_000);
      show();
      if (before === "ok" && state.memory !== "ok") closeIdle();
    },
  };
}

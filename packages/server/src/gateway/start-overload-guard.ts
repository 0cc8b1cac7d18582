import type { OverloadSettings } from "../core/overload.ts";
import { createMemoryUsage } from "../telemetry/memory-usage.ts";
import type { PlatformMetrics } from "../telemetry/platform-metrics.ts";
import { createOverloadGuard, type OverloadGuard, overloadLookMs } from "./overload-guard.ts";

export interface StartedGuard extends OverloadGuard {
  stop(): void;
}

export interface StartGuardParts {
  readonly settings: OverloadSettings & {
    /** What a process may use of the memory; undefined where only a control group bounds it. */
    readonly maxMemoryBytes: number | undefined;
  };
  readonly metrics: PlatformMetrics;
  closeIdle(): void;
}

/** A guard over this process, which looks by itself until it is stopped. */
export function startOverloadGuard({ settings, metrics, closeIdle }: StartGuardParts): StartedGuard {
  const guard = createOverloadGuard({
    settings,
    metrics,
    closeIdle,
    readMemory: createMemoryUsage({ maxBytes: settings.maxMemoryBytes }),
    nowMs: () => performance.now(),
    random: Math.random,
  });
  const timer = setInterval(() => guard.look(), overloadLookMs).unref();
  return {
    get isTight() {
      return guard.isTight;
    },
    refusal: () => guard.refusal(),
    look: () => guard.look(),
    stop: () => clearInterval(timer),
  };
}

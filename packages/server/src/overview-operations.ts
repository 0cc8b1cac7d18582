import { availableParallelism, freemem, homedir, hostname, release, totalmem } from "node:os";
import type { EventReader } from "./control/events.ts";
import type { Operation } from "./control/operation.ts";
import { type SettingView, settingOperations } from "./control/settings.ts";
import { supportOperations } from "./control/support-bundle.ts";
import { type SystemInfo, systemOperations } from "./control/system.ts";
import { systemPartOperations } from "./control/system-parts.ts";
import type { KnownSecrets } from "./core/known-secrets.ts";
import type { Manager } from "./manager/manager.ts";
import { readSystemParts, type SystemPartsInput } from "./system-parts.ts";
import type { LogTap } from "./telemetry/log-tap.ts";
import type { ProcessFigures, ProcessMetrics } from "./telemetry/process-metrics.ts";
import type { MetricRegistry } from "./telemetry/registry.ts";

export interface OverviewParts extends Omit<SystemPartsInput, "settings"> {
  readonly system: SystemInfo;
  readonly settings: SettingView;
  readonly secrets: KnownSecrets;
  readonly events: EventReader;
  readonly manager: Manager;
  readonly logTap: LogTap;
  readonly registry: Pick<MetricRegistry, "expose">;
  readonly processMetrics: Pick<ProcessMetrics, "expose">;
  /** Takes in what workers count, and resolves soon with Node's figures of them. */
  askWorkers(): Promise<readonly ProcessFigures[]>;
}

/** Operations that tell of the server as a whole: its settings, what it stands on, and a bundle for who helps. */
export function overviewOperations(parts: OverviewParts): readonly Operation[] {
  const readParts = () => readSystemParts(parts);
  return [
    ...systemOperations(parts.system),
    ...settingOperations(parts.settings),
    ...systemPartOperations(readParts),
    ...supportOperations({
      info: parts.system,
      settings: parts.settings,
      manager: parts.manager,
      events: parts.events,
      readParts,
      recentProblems: () => parts.logTap.recentProblems(),
      async metrics() {
        const others = await parts.askWorkers();
        return parts.registry.expose() + (await parts.processMetrics.expose(others, "prometheus"));
      },
      machine: { hostName: hostname(), homeDirectory: homedir(), facts: readMachine },
      hide: (text) => parts.secrets.hide(text),
      nowMs: Date.now,
    }),
  ];
}

function readMachine() {
  return {
    platform: process.platform,
    architecture: process.arch,
    kernel: release(),
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    free_memory_bytes: freemem(),
    process_memory: { ...process.memoryUsage() },
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

import type { ModelDirectory, PlatformView } from "./gateway/model-directory.ts";
import type { Manager } from "./manager/manager.ts";
import type { Bus } from "./sharing/bus.ts";
import type { PlatformMetrics } from "./telemetry/platform-metrics.ts";

/** The model platforms as the integration manager has them now; none before there is one. */
export function viewPlatforms(manager: Manager | undefined): readonly PlatformView[] {
  if (manager === undefined) return [];
  return manager
    .list()
    .filter(({ type, enabled }) => type === "model_platform" && enabled)
    .map(({ name, priority, network, state, reason }) => ({
      name,
      priority,
      network,
      platform: manager.running(name)?.models,
      absence: `The integration ${name} is ${state}${reason === null ? "." : `: ${reason}`}`,
    }));
}

/** Keeps the routing snapshot and the count of loaded models in step with the integrations. */
export function followIntegrations(
  manager: Manager,
  directory: ModelDirectory,
  activeModels: PlatformMetrics["activeModels"],
): void {
  manager.onChange(({ name, state }) => {
    directory.rebuild();
    if (state === "running") void directory.refresh(name);
  });
  manager.onDraft((event) => {
    if (event.type === "integration.config_changed") directory.rebuild();
    if (event.type === "models.changed" || event.type === "integration.config_changed")
      void directory.refresh(event.integration);
    if (event.type.startsWith("model.")) void countLoaded(manager, event.integration, activeModels);
  });
}

/** What integrations offer may have been changed over another replica: they are asked here as well. */
export function followOtherReplicas(bus: Bus, directory: ModelDirectory): void {
  bus.subscribe("event", ({ type, integration }) => {
    if (type === "models.changed" && typeof integration === "string") void directory.refresh(integration);
  });
}

async function countLoaded(
  manager: Manager,
  name: string,
  activeModels: PlatformMetrics["activeModels"],
): Promise<void> {
  const platform = manager.running(name)?.models;
  const loaded = await platform?.loaded?.(AbortSignal.timeout(5_000)).catch(() => undefined);
  if (platform !== undefined && loaded !== undefined)
    activeModels.series(platform.provider).set(loaded.length);
}

import type { ModelDirectory, PlatformView } from "./gateway/model-directory.ts";
import type { Manager } from "./manager/manager.ts";
import type { Bus } from "./sharing/bus.ts";
import type { EventDraft } from "./manager/ports.ts";
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

/** Model names that may become label values of loads; the rest is `other`. */
const mostModelLabels = 200;

/** Keeps the routing snapshot and the counts of loads and loaded models in step with the integrations. */
export function followIntegrations(
  manager: Manager,
  directory: ModelDirectory,
  { activeModels, modelLoads }: Pick<PlatformMetrics, "activeModels" | "modelLoads">,
): void {
  const loadedNames = new Set<string>();
  function countLoad({ integration, data }: EventDraft, result: "ok" | "failed"): void {
    const { model } = data;
    if (typeof model !== "string") return;
    if (loadedNames.size < mostModelLabels) loadedNames.add(model);
    const provider = manager.running(integration)?.models?.provider ?? "none";
    modelLoads.series(provider, loadedNames.has(model) ? model : "other", result).add();
  }

  manager.onChange(({ name, state }) => {
    directory.rebuild();
    if (state === "running") void directory.refresh(name);
  });
  manager.onDraft((event) => {
    if (event.type === "integration.config_changed" || event.type === "integration.removed")
      directory.rebuild();
    if (event.type === "models.changed" || event.type === "integration.config_changed")
      void directory.refresh(event.integration);
    if (event.type === "model.loaded") countLoad(event, "ok");
    if (event.type === "model.load_failed") countLoad(event, "failed");
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

import type { ModelInfo, NetworkReach, Relay } from "@llm-platform/kit";
import type { Budget } from "../core/budgets.ts";
import type { RoutingConfig } from "../core/routes.ts";
import type { ModelDirectory, PlatformView } from "../gateway/model-directory.ts";

/** What a worker must know to route calls, as plain data. Relays hold credentials: it is sent to workers and nowhere else. */
export interface RoutingData {
  readonly platforms: readonly PlatformData[];
  /** The names that somebody has made. */
  readonly routing: RoutingConfig;
  /** Paths that are served on the fast lane. */
  readonly paths: readonly string[];
  readonly budgets: readonly Budget[];
}

/** A model platform as a worker sees it. */
export interface PlatformData {
  readonly name: string;
  readonly priority: number;
  readonly absence: string;
  readonly network: NetworkReach | undefined;
  readonly isRunning: boolean;
  readonly provider: string;
  readonly reportsStreamUsage: boolean;
  /** Undefined while it does not run, and when its calls go through the first process. */
  readonly relay: Relay | undefined;
  readonly models: readonly ModelData[];
}

/** A model as far as routing needs to know it: whoever wants more asks the first process. */
export type ModelData = Pick<ModelInfo, "id" | "contextTokens">;

/** What the first process knows now, in the order in which it routes. */
export function takeRoutingData(
  views: readonly PlatformView[],
  { snapshot, routing }: ModelDirectory,
  more: Pick<RoutingData, "paths" | "budgets">,
): RoutingData {
  const models = new Map<string, ModelData[]>();
  for (const { integration, model: id, contextTokens } of snapshot.targets.values()) {
    const model = { id, ...(contextTokens === undefined ? {} : { contextTokens }) };
    const listed = models.get(integration);
    if (listed === undefined) models.set(integration, [model]);
    else listed.push(model);
  }
  return {
    platforms: views.map((view) => toPlatformData(view, models.get(view.name) ?? [])),
    routing,
    ...more,
  };
}

function toPlatformData(view: PlatformView, models: readonly ModelData[]): PlatformData {
  const { name, priority, absence, network, platform } = view;
  return {
    name,
    priority,
    absence,
    network,
    isRunning: platform !== undefined,
    provider: platform?.provider ?? "none",
    reportsStreamUsage: platform?.reportsStreamUsage !== false,
    relay: platform?.relay?.(),
    models,
  };
}

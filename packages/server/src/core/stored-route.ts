import type { RouteEntry, RoutingConfig } from "./routes.ts";

/** A name that an operator makes while the server runs: an alias, or a route of its own. */
export interface RouteDraft extends RouteEntry {
  /** What an alias stands for, which has neither targets nor fallbacks. */
  readonly aliasOf: string | undefined;
}

/** The same as it is stored. */
export interface StoredRoute extends RouteDraft {
  /** Another one after each change, by which a change is told that was made to what is no longer there. */
  readonly version: string;
  /** Since the epoch. */
  readonly changedAtMs: number;
  /** Id of who made or changed it. */
  readonly changedBy: string;
}

/** Whether the configuration has a name. */
export function hasName({ aliases, routes }: RoutingConfig, name: string): boolean {
  return Object.hasOwn(aliases, name) || routes.some(({ model }) => model === name);
}

/** The names of the configuration and those of operators together. A name that both have is the configuration's. */
export function mergeRouting(configured: RoutingConfig, stored: readonly RouteDraft[]): RoutingConfig {
  const own = stored.filter(({ model }) => !hasName(configured, model));
  const aliases = own.flatMap(({ model, aliasOf }) =>
    aliasOf === undefined ? [] : [[model, aliasOf] as const],
  );
  const routes = own.filter(({ aliasOf }) => aliasOf === undefined);
  return {
    aliases: { ...configured.aliases, ...Object.fromEntries(aliases) },
    routes: [
      ...configured.routes,
      ...routes.map(({ model, targets, fallbacks }) => ({ model, targets, fallbacks })),
    ],
  };
}

import { type JsonObject, type Log, toPlatformError } from "@llm-platform/kit";
import type { RoutingConfig } from "./core/routes.ts";
import { hasName, mergeRouting, type StoredRoute } from "./core/stored-route.ts";
import { createTurns } from "./core/turns.ts";
import type { RouteRows } from "./store/route-rows.ts";
import type { Store } from "./store/store.ts";

export interface RouteBookParts {
  readonly store: Pick<Store, "routes" | "changes" | "runAlone">;
  readonly configured: RoutingConfig;
  readonly log: Log;
  /** Writes an event down, and tells it to who listens. */
  publish(event: { readonly integration: string; readonly type: string; readonly data: JsonObject }): void;
}

/** The names that somebody has made: those of the configuration, and those that operators made. Other replicas' changes are taken over. */
export interface RouteBook {
  /** All of them, as calls go by them. */
  readonly routing: RoutingConfig;
  readonly configured: RoutingConfig;
  readonly stored: readonly StoredRoute[];
  /**
   * Changes what is stored while nobody else does, on any replica: `work` sees what is there, and what it changes bites on
   * the next call. Rejects as `work` does, and with PlatformError `unavailable`.
   * @param names that are changed, for who listens
   */
  change<Result>(names: readonly string[], work: (rows: RouteRows) => Promise<Result>): Promise<Result>;
  /** Calls `listener` when a name was changed, here or by another replica. */
  onChange(listener: () => void): void;
}

/** Reads the names that are stored. Rejects with PlatformError `unavailable`. */
export async function openRouteBook(parts: RouteBookParts): Promise<RouteBook> {
  const { store, configured, log, publish } = parts;
  const { routes: rows, changes, runAlone } = store;
  const listeners: (() => void)[] = [];
  const turns = createTurns();
  const state = { stored: await rows.list() };
  const current = { routing: mergeRouting(configured, state.stored) };
  warnOfTwice(parts, state.stored);

  const reload = () =>
    turns.take(async () => {
      state.stored = await rows.list();
      current.routing = mergeRouting(configured, state.stored);
      for (const listener of listeners) listener();
    });

  // What is not read now is read with the next change, or when notices are heard again.
  changes.onRemote("routes", () => {
    reload().catch((error: unknown) => log.warn("routes.not_read", { error: toPlatformError(error) }));
  });
  return {
    get routing() {
      return current.routing;
    },
    configured,
    get stored() {
      return state.stored;
    },
    async change(names, work) {
      const result = await runAlone("routes", async () => {
        await reload();
        return work(rows);
      });
      await reload();
      for (const model of names) publish({ integration: "", type: "route.changed", data: { model } });
      await changes
        .announce("routes")
        .catch((error: unknown) => log.warn("routes.not_announced", { error: toPlatformError(error) }));
      return result;
    },
    onChange(listener) {
      listeners.push(listener);
    },
  };
}

function warnOfTwice({ configured, log }: RouteBookParts, stored: readonly StoredRoute[]): void {
  for (const { model } of stored)
    if (hasName(configured, model))
      log.warn("routes.named_twice", {
        model,
        remedy: "The configuration's counts. Take one of them away.",
      });
}

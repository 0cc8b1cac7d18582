import {
  type Log,
  type ModelInfo,
  type ModelPlatform,
  type NetworkReach,
  PlatformError,
  toPlatformError,
} from "@llm-platform/kit";
import type { BreakerSettings, BreakerState } from "../core/breaker.ts";
import {
  buildRoutes,
  type OfferedModel,
  offeredRoutes,
  type Route,
  type RoutingConfig,
} from "../core/routes.ts";
import { Target } from "./targets.ts";

/** A model platform as the integration manager sees it now. */
export interface PlatformView {
  readonly name: string;
  readonly priority: number;
  /** Where it may connect to; undefined where that is settled elsewhere. */
  readonly network?: NetworkReach | undefined;
  /** Undefined while the integration is not running. */
  readonly platform: ModelPlatform | undefined;
  /** One sentence on why it is not running. */
  readonly absence: string;
  /** Its models, where they are known from elsewhere and nobody is to be asked. */
  readonly models?: readonly ModelInfo[];
}

/** Where the directory learns of platforms. */
export interface PlatformSource {
  platforms(): readonly PlatformView[];
}

/** A model with the integration that offers it. */
export interface CatalogueModel extends ModelInfo {
  readonly integration: string;
  readonly provider: string;
}

/** What routing looks things up in: immutable, replaced whole. */
export interface RoutingSnapshot {
  readonly routes: ReadonlyMap<string, Route>;
  /** Those of them that integrations offer, whatever somebody has made of their names. */
  readonly offered: ReadonlyMap<string, Route>;
  readonly targets: ReadonlyMap<string, Target>;
  readonly models: readonly CatalogueModel[];
  /** Integrations that are not running, each with a sentence on why. */
  readonly absences: ReadonlyMap<string, string>;
}

export interface ModelDirectoryParts {
  readonly source: PlatformSource;
  /** The names that somebody has made, as they are now; `rebuild` takes in what has changed. */
  routing(): RoutingConfig;
  readonly breaker: BreakerSettings;
  readonly log: Log;
}

/** Knows which models there are and keeps the routing snapshot. */
export interface ModelDirectory {
  readonly snapshot: RoutingSnapshot;
  /** The names that somebody has made. */
  readonly routing: RoutingConfig;
  /** Whether every platform has been asked once; until then an unknown name may only be early. */
  readonly isReady: boolean;
  /**
   * Resolves when the start is over: when the directory is ready, or it was settled without a platform that does not answer.
   * Undefined from then on.
   */
  readonly settled: Promise<void> | undefined;
  /** Lets nobody wait any longer for what is not known yet. */
  settle(): void;
  /** Platforms changed state, or names lead elsewhere: what is known is put into a new snapshot at once. */
  rebuild(): void;
  /** Calls `listener` after each new snapshot, until the result is called. */
  onChange(listener: () => void): () => void;
  /** Asks one platform, or all, for its models. Never rejects; a platform that fails keeps its last list. */
  refresh(integration?: string): Promise<void>;
}

const listTimeoutMs = 10_000;

/** Makes a directory with an empty snapshot. */
export function createModelDirectory(parts: ModelDirectoryParts): ModelDirectory {
  const { source, breaker, log } = parts;
  const known = new Map<string, readonly ModelInfo[]>();
  const targets = new Map<string, Target>();
  const listeners = new Set<() => void>();
  const start = Promise.withResolvers<void>();
  const state: { snapshot: RoutingSnapshot; isReady: boolean; settled: Promise<void> | undefined } = {
    snapshot: emptySnapshot,
    isReady: false,
    settled: start.promise,
  };

  function targetOf(integration: string, model: string): Target {
    const fresh = new Target(integration, model, breaker);
    const target = targets.get(fresh.id) ?? fresh;
    targets.set(target.id, target);
    return target;
  }

  function rebuild(): void {
    const offers: OfferedModel[] = [];
    const models: CatalogueModel[] = [];
    const current = new Map<string, Target>();
    for (const view of source.platforms()) {
      for (const info of view.models ?? known.get(view.name) ?? []) {
        const target = targetOf(view.name, info.id);
        target.platform = view.platform;
        target.absence = view.absence;
        target.contextTokens = info.contextTokens;
        current.set(target.id, target);
        offers.push({ integration: view.name, model: info.id, priority: view.priority });
        if (view.platform !== undefined)
          models.push({ ...info, integration: view.name, provider: view.platform.provider });
      }
    }
    for (const id of targets.keys()) if (!current.has(id)) targets.delete(id);
    const absent = source.platforms().filter(({ platform }) => platform === undefined);
    const absences = new Map(absent.map(({ name, absence }) => [name, absence]));
    const offered = offeredRoutes(offers);
    const routes = buildRoutes(offered, parts.routing());
    state.snapshot = { routes, offered, targets: current, models, absences };
    for (const listener of listeners) listener();
  }

  function settle(): void {
    state.settled = undefined;
    start.resolve();
  }

  async function refreshOne(view: PlatformView): Promise<void> {
    if (view.platform === undefined || view.models !== undefined) return;
    try {
      known.set(view.name, await view.platform.list(AbortSignal.timeout(listTimeoutMs)));
    } catch (error) {
      log.warn("models.list_failed", { integration: view.name, error: toPlatformError(error) });
    }
  }

  return {
    get routing() {
      return parts.routing();
    },
    get snapshot() {
      return state.snapshot;
    },
    get isReady() {
      return state.isReady;
    },
    get settled() {
      return state.settled;
    },
    settle,
    rebuild,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async refresh(integration) {
      const views = source
        .platforms()
        .filter((view) => integration === undefined || view.name === integration);
      await Promise.all(views.map(refreshOne));
      rebuild();
      if (integration !== undefined) return;
      state.isReady = true;
      settle();
    },
  };
}

const emptySnapshot: RoutingSnapshot = {
  routes: new Map(),
  offered: new Map(),
  targets: new Map(),
  models: [],
  absences: new Map(),
};

/** A target's breaker as others may see it. */
export interface BreakerView {
  readonly integration: string;
  readonly model: string;
  readonly state: BreakerState;
}

/** The breakers of all targets. */
export function viewBreakers({ snapshot }: ModelDirectory, nowMs: number): readonly BreakerView[] {
  return [...snapshot.targets.values()].map(({ integration, model, breaker }) => ({
    integration,
    model,
    state: breaker.state(nowMs),
  }));
}

/** The targets of a model name. Throws PlatformError `model_not_found`, or `unavailable` for a model of an integration that is not running. */
export function lookUpRoute(directory: ModelDirectory, name: string): Route {
  const { snapshot } = directory;
  const route = snapshot.routes.get(name);
  if (route !== undefined) return route;
  requireReady(directory);
  refuseAbsent(snapshot, [name]);
  throw new PlatformError(
    "model_not_found",
    `The model \`${name}\` does not exist. GET /v1/models lists those that do.`,
    {
      field: "model",
    },
  );
}

/** Throws PlatformError `unavailable` while it may only be early that a name is not known. */
export function requireReady({ isReady }: ModelDirectory): void {
  if (isReady) return;
  throw new PlatformError("unavailable", "The server is starting; its models are not known yet.", {
    retryAfterMs: 1_000,
  });
}

/** Which models an integration has is not known before it first ran: its absence is told, not theirs. */
export function refuseAbsent({ absences }: RoutingSnapshot, ids: readonly string[]): void {
  for (const id of ids) {
    const absence = absences.get(id.slice(0, id.indexOf("/")));
    if (absence !== undefined) throw new PlatformError("unavailable", absence, { retryAfterMs: 5_000 });
  }
}

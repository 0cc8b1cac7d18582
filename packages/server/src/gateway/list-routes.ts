import type { Route } from "../core/routes.ts";
import { type ExplainedCandidate, explainCandidates, type Moment } from "./explain-route.ts";
import { lookUpRoute, type ModelDirectory } from "./model-directory.ts";

/** What makes a name: `routing.routes`, `routing.aliases`, integrations that offer a model, or `integration/model`. */
export const routeKinds = ["route", "alias", "model", "target"] as const;
export type RouteKind = (typeof routeKinds)[number];

/** How calls of a name fare: `degraded` where a place that it leads to cannot be asked, `down` where none can. */
export const routeStates = ["ready", "degraded", "down"] as const;
export type RouteState = (typeof routeStates)[number];

/** A name that callers may use. */
export interface ListedRoute {
  readonly model: string;
  readonly kind: RouteKind;
  /** What an alias stands for. */
  readonly aliasOf: string | undefined;
  readonly state: RouteState;
  readonly candidates: readonly ExplainedCandidate[];
  readonly route: Route;
}

/** Every name but `integration/model`: those of the configuration, then those of models, each by the alphabet. */
export function listRoutes(directory: ModelDirectory, moment: Moment): readonly ListedRoute[] {
  const { routes, aliases } = directory.routing;
  const configured = new Set([...routes.map(({ model }) => model), ...Object.keys(aliases)]);
  const offered = [...directory.snapshot.targets.values()].map(({ model }) => model);
  const others = new Set(offered.filter((model) => !configured.has(model)));
  const names = [...byAlphabet(configured), ...byAlphabet(others)];
  return names.flatMap((model) => {
    const route = directory.snapshot.routes.get(model);
    return route === undefined ? [] : [toListed(directory, { model, route }, moment)];
  });
}

/** One of them, or `integration/model`. Throws what a call would be refused with. */
export function findRoute(directory: ModelDirectory, model: string, moment: Moment): ListedRoute {
  return toListed(directory, { model, route: lookUpRoute(directory, model) }, moment);
}

function toListed(
  directory: ModelDirectory,
  { model, route }: { readonly model: string; readonly route: Route },
  moment: Moment,
): ListedRoute {
  const candidates = explainCandidates(directory, route, moment);
  const kind = kindOf(directory, model);
  return {
    model,
    kind,
    aliasOf: kind === "alias" ? directory.routing.aliases[model] : undefined,
    state: stateOf(candidates),
    candidates,
    route,
  };
}

/** A route wins over an alias, and both over what integrations offer. */
function kindOf({ routing, snapshot }: ModelDirectory, model: string): RouteKind {
  if (routing.routes.some((route) => route.model === model)) return "route";
  if (Object.hasOwn(routing.aliases, model)) return "alias";
  const target = snapshot.targets.get(model) ?? snapshot.targets.get(`${model}:latest`);
  return target === undefined ? "model" : "target";
}

function stateOf(candidates: readonly ExplainedCandidate[]): RouteState {
  if (candidates.every(({ chance }) => chance === 0)) return "down";
  const isWell = ({ verdict, breaker }: ExplainedCandidate) =>
    (verdict === "chosen" || verdict === "not_needed") && breaker === "closed";
  return candidates.every(isWell) ? "ready" : "degraded";
}

function byAlphabet(names: ReadonlySet<string>): readonly string[] {
  return [...names].toSorted((one, other) => one.localeCompare(other));
}

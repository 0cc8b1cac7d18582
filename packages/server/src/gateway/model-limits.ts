import { type Limit, type LimitValues, noLimits, toLimit } from "../core/limits.ts";
import type { Route } from "../core/routes.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { ModelDirectory } from "./model-directory.ts";

const none: readonly Limit[] = [];
const latest = ":latest";

/**
 * Finds the limits of the model that a call asks for, by whatever name: as it is asked for, and by each target that the
 * name stands for, with and without the integration. So no alias is a way around the limit of a model.
 */
export function createModelLimits(
  models: Readonly<Record<string, LimitValues>>,
  directory: ModelDirectory,
): (call: GatewayCall) => readonly Limit[] {
  const byName = new Map(
    Object.entries(models).flatMap(([name, values]) => {
      const limit = toLimit("model", name, { own: values, defaults: noLimits });
      return limit === undefined ? [] : [[name, limit] as const];
    }),
  );
  // A route is made anew with every change of what there is to route to.
  const byRoute = new WeakMap<Route, Map<string, readonly Limit[]>>();

  function find(name: string, route: Route): readonly Limit[] {
    return limitedNames(name, route).flatMap((each) => byName.get(each) ?? []);
  }

  return ({ askedName: name }) => {
    const route = directory.snapshot.routes.get(name);
    // There is no such model: the call is refused soon.
    if (route === undefined) return none;
    const known = byRoute.get(route) ?? new Map<string, readonly Limit[]>();
    byRoute.set(route, known);
    const limits = known.get(name) ?? find(name, route);
    known.set(name, limits);
    return limits;
  };
}

/** The names of models whose limits hold for calls of a name. */
export function limitedNames(name: string, { targets }: Route): readonly string[] {
  return [...new Set([name, ...targets.flatMap(({ id }) => namesOf(id))])];
}

/** Of a target `integration/model`. Ollama's `:latest` may be left out. */
function namesOf(id: string): readonly string[] {
  const model = id.slice(id.indexOf("/") + 1);
  return [
    id,
    model,
    ...[id, model].flatMap((each) => (each.endsWith(latest) ? [each.slice(0, -latest.length)] : [])),
  ];
}

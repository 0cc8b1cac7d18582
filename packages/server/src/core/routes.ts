/** A model that an integration offers, as far as routing cares. */
export interface OfferedModel {
  readonly integration: string;
  readonly model: string;
  /** Routing preference of the integration, higher first. */
  readonly priority: number;
}

/** One place where a call can go, with its share of the traffic among its equals. */
export interface RouteTarget {
  /** `integration/model`. */
  readonly id: string;
  readonly weight: number;
}

/** What a model name stands for. */
export interface Route {
  readonly targets: readonly RouteTarget[];
  /** Tried in this order after the targets. */
  readonly fallbacks: readonly string[];
  /** Ids of the targets in order where there is but one order. */
  readonly only?: readonly string[];
}

/** The routing part of the configuration. */
export interface RoutingConfig {
  readonly aliases: Readonly<Record<string, string>>;
  readonly routes: readonly {
    readonly model: string;
    readonly targets: readonly { readonly model: string; readonly weight: number }[];
    readonly fallbacks: readonly string[];
  }[];
}

/** The id of a target. */
export function targetId(integration: string, model: string): string {
  return `${integration}/${model}`;
}

/**
 * Every model name that can be called, and where it leads.
 *
 * In order of precedence: a configured route, an alias, `integration/model`, and the bare model name, which
 * leads to the integrations of the highest priority that offer it, with those of lower priority as fallbacks.
 */
export function buildRoutes(
  offered: readonly OfferedModel[],
  config: RoutingConfig,
): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  const byName = new Map<string, OfferedModel[]>();
  for (const offer of offered.flatMap(withBareName)) {
    const id = targetId(offer.integration, offer.model);
    if (!routes.has(targetId(offer.integration, offer.name)))
      routes.set(targetId(offer.integration, offer.name), single(id));
    const sameName = byName.get(offer.name);
    if (sameName === undefined) byName.set(offer.name, [offer]);
    else sameName.push(offer);
  }
  for (const [name, offers] of byName) if (!routes.has(name)) routes.set(name, bareRoute(offers));
  for (const [alias, model] of Object.entries(config.aliases)) routes.set(alias, resolveName(model, routes));
  for (const { model, targets, fallbacks } of config.routes) {
    const resolved = targets.flatMap((target) => spread(resolveName(target.model, routes), target.weight));
    routes.set(model, {
      targets: resolved,
      fallbacks: fallbacks.flatMap((name) => resolveName(name, routes).targets.map((target) => target.id)),
    });
  }
  return routes;
}

/**
 * Targets in the order in which one call tries them: the first by weighted chance, its equals by weight, then the fallbacks.
 * @param random a number in [0, 1)
 */
export function orderTargets(route: Route, random: number): readonly string[] {
  if (route.only !== undefined) return route.only;
  const total = route.targets.reduce((sum, target) => sum + target.weight, 0);
  let point = random * total;
  const first = route.targets.find((target) => {
    point -= target.weight;
    return point < 0;
  });
  const rest = route.targets
    .filter((target) => target !== first && target.weight > 0)
    .sort((a, b) => b.weight - a.weight);
  const ordered = [...(first === undefined ? [] : [first]), ...rest].map((target) => target.id);
  return [...new Set([...ordered, ...route.fallbacks])];
}

interface NamedOffer extends OfferedModel {
  /** What callers may write for it. */
  readonly name: string;
}

const defaultTag = ":latest";

/** A model with the default tag may be called without it, as in Ollama. */
function withBareName(offer: OfferedModel): readonly NamedOffer[] {
  const named = { ...offer, name: offer.model };
  return offer.model.endsWith(defaultTag)
    ? [named, { ...offer, name: offer.model.slice(0, -defaultTag.length) }]
    : [named];
}

function single(id: string): Route {
  return { targets: [{ id, weight: 1 }], fallbacks: [], only: [id] };
}

function bareRoute(offers: readonly OfferedModel[]): Route {
  const best = Math.max(...offers.map((offer) => offer.priority));
  const id = (offer: OfferedModel) => targetId(offer.integration, offer.model);
  const lower = offers.filter((offer) => offer.priority < best).sort((a, b) => b.priority - a.priority);
  const highest = offers.filter((offer) => offer.priority === best);
  const [first] = highest;
  if (first !== undefined && offers.length === 1) return single(id(first));
  return { targets: highest.map((offer) => ({ id: id(offer), weight: 1 })), fallbacks: lower.map(id) };
}

/** A name that nobody offers yet still has a target: it may appear, and until then the call says why it cannot go. */
function resolveName(name: string, routes: ReadonlyMap<string, Route>): Route {
  return routes.get(name) ?? single(name);
}

function spread(route: Route, weight: number): readonly RouteTarget[] {
  const total = route.targets.reduce((sum, target) => sum + target.weight, 0);
  return route.targets.map((target) => ({
    id: target.id,
    weight: (weight * target.weight) / Math.max(total, 1),
  }));
}

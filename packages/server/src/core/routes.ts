/** A model that an integration offers, as far as routing cares. */
export interface OfferedModel {
  readonly integration: string;
  readonly model: string;
  /** Routing preference of the integration, higher first. */
  readonly priority: number;
}

/** Of a model's name, or of another that stands for one. */
export const mostNameCharacters = 256;

/** Weights count against each other only: this is a bound for sums, not a share. */
export const mostTargetWeight = 1_000_000;

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

/** A name that stands for several targets. */
export interface RouteEntry {
  readonly model: string;
  readonly targets: readonly TargetEntry[];
  /** Tried in this order when the targets cannot answer. */
  readonly fallbacks: readonly string[];
}

/** A name that calls of a route go to, and its share of them. */
export interface TargetEntry {
  readonly model: string;
  readonly weight: number;
}

/** Names that somebody has made, beside those that integrations offer. */
export interface RoutingConfig {
  readonly aliases: Readonly<Record<string, string>>;
  readonly routes: readonly RouteEntry[];
}

/** The id of a target. */
export function targetId(integration: string, model: string): string {
  return `${integration}/${model}`;
}

/**
 * The names that integrations offer: `integration/model`, and the bare model name, which leads to the integrations of the
 * highest priority that offer it, with those of lower priority as fallbacks.
 */
export function offeredRoutes(offered: readonly OfferedModel[]): ReadonlyMap<string, Route> {
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
  return routes;
}

/**
 * Every model name that can be called, and where it leads. In order of precedence: a route, an alias, what is offered.
 * Routes and aliases may lead to each other in any order; one that leads to its own name means the offered model of it.
 */
export function buildRoutes(
  offered: ReadonlyMap<string, Route>,
  { aliases, routes: entries }: RoutingConfig,
): ReadonlyMap<string, Route> {
  const byName = new Map(entries.map((entry) => [entry.model, entry]));
  const built = new Map<string, Route>();

  function resolve(name: string, within: readonly string[]): Route {
    const known = built.get(name);
    if (known !== undefined) return known;
    const entry = byName.get(name);
    const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    const isOwn = entry !== undefined || alias !== undefined;
    // A name that nobody offers yet still has a target: it may appear, and until then the call says why it cannot go.
    if (!isOwn || within.includes(name)) return offered.get(name) ?? single(name);
    const inner = [...within, name];
    const route = entry === undefined ? resolve(alias ?? name, inner) : join(entry, inner);
    built.set(name, route);
    return route;
  }

  function join({ targets, fallbacks }: RouteEntry, within: readonly string[]): Route {
    return {
      targets: targets.flatMap(({ model, weight }) => spread(resolve(model, within), weight)),
      fallbacks: fallbacks.flatMap((name) => resolve(name, within).targets.map(({ id }) => id)),
    };
  }

  for (const name of [...Object.keys(aliases), ...byName.keys()]) resolve(name, []);
  return new Map([...offered, ...built]);
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

function spread(route: Route, weight: number): readonly RouteTarget[] {
  const total = route.targets.reduce((sum, target) => sum + target.weight, 0);
  return route.targets.map((target) => ({
    id: target.id,
    weight: total === 0 ? 0 : (weight * target.weight) / total,
  }));
}

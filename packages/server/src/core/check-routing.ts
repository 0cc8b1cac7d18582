import type { RoutingConfig } from "./routes.ts";

/** What is wrong with the names that somebody makes, and where in them. */
export interface RoutingProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Names that can never work, whatever integrations offer: a route without a share to give, a target that is named twice,
 * a name that leads back to itself over others.
 */
export function checkRouting(config: RoutingConfig): readonly RoutingProblem[] {
  const references = referencesOf(config);
  const inCircle = [...references].flatMap(([name, listed]) =>
    listed.flatMap(({ to, path }) => {
      const circle = name === to && path[0] === "routes" ? undefined : findWay(references, to, name);
      return circle === undefined
        ? []
        : [{ path, message: `leads back to itself: ${[name, ...circle].join(" → ")}` }];
    }),
  );
  return [...checkEntries(config), ...inCircle];
}

/** The names, of aliases and routes, that lead to another. */
export function namesThatLeadTo(name: string, config: RoutingConfig): readonly string[] {
  return [...referencesOf(config)]
    .filter(([from, listed]) => from !== name && listed.some(({ to }) => to === name))
    .map(([from]) => from);
}

interface Reference {
  readonly to: string;
  readonly path: readonly (string | number)[];
}

/** Where each name leads, and where that is said. A route wins over an alias of its name. */
function referencesOf({ aliases, routes }: RoutingConfig): ReadonlyMap<string, readonly Reference[]> {
  const references = new Map<string, readonly Reference[]>();
  for (const [name, to] of Object.entries(aliases)) references.set(name, [{ to, path: ["aliases", name] }]);
  for (const [index, { model, targets, fallbacks }] of routes.entries()) {
    references.set(model, [
      ...targets.map((each, at) => ({ to: each.model, path: ["routes", index, "targets", at, "model"] })),
      ...fallbacks.map((to, at) => ({ to, path: ["routes", index, "fallbacks", at] })),
    ]);
  }
  return references;
}

/** A way from one name to another over names that somebody has made; undefined where there is none. */
function findWay(
  references: ReadonlyMap<string, readonly Reference[]>,
  from: string,
  goal: string,
): readonly string[] | undefined {
  const before = new Map<string, string | undefined>([[from, undefined]]);
  // A map is gone through in the order in which it grows.
  for (const [name] of before) {
    if (name === goal) return wayTo(name, before);
    // What a route means by its own name is the offered model, which leads nowhere.
    for (const { to } of references.get(name) ?? []) if (to !== name && !before.has(to)) before.set(to, name);
  }
  return undefined;
}

function wayTo(name: string, before: ReadonlyMap<string, string | undefined>): readonly string[] {
  const previous = before.get(name);
  return previous === undefined ? [name] : [...wayTo(previous, before), name];
}

function checkEntries({ routes }: RoutingConfig): readonly RoutingProblem[] {
  return routes.flatMap(({ model, targets }, index) => {
    const path = ["routes", index] as const;
    const isTwice = routes.findIndex((other) => other.model === model) < index;
    const problems: RoutingProblem[] = isTwice
      ? [{ path: [...path, "model"], message: `the name \`${model}\` is given twice` }]
      : [];
    if (targets.every(({ weight }) => weight === 0))
      problems.push({ path: [...path, "targets"], message: "at least one must have a weight above 0" });
    for (const [at, target] of targets.entries())
      if (targets.findIndex((other) => other.model === target.model) < at)
        problems.push({
          path: [...path, "targets", at, "model"],
          message: `\`${target.model}\` is named twice`,
        });
    return problems;
  });
}

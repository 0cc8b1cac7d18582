/** What the order depends on. */
export interface StartNode {
  readonly name: string;
  /** Names that must be up before this one. */
  readonly dependencies: readonly string[];
  /** Higher first among those that could start at the same time. */
  readonly priority: number;
}

/** Why one integration can never start as configured. */
export type StartProblem =
  | {
      readonly type: "cycle";
      readonly name: string;
      readonly path: readonly string[];
    }
  | {
      readonly type: "missing";
      readonly name: string;
      readonly missing: readonly string[];
    };

export interface StartPlan {
  /**
   * Names in a legal order: each after everything that it depends on. Names with a problem are left out.
   * One that depends on a name with a problem stands in the order; it waits when its turn comes.
   */
  readonly order: readonly string[];
  readonly problems: readonly StartProblem[];
}

/** Computes who starts after whom. Names are taken to be unique. */
export function planStart(nodes: readonly StartNode[]): StartPlan {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const problems = nodes.flatMap((node) => problemsOf(node, byName));
  const hopeless = new Set(problems.map(({ name }) => name));
  const startable = nodes.filter(({ name }) => !hopeless.has(name));
  return { order: orderOf(startable), problems };
}

/** A problem as one sentence that names every integration in it. */
export function formatStartProblem(problem: StartProblem): string {
  switch (problem.type) {
    case "cycle":
      return `${problem.name} depends on itself: ${problem.path.join(" → ")}. Remove one of these dependencies.`;
    case "missing":
      return `${problem.name} depends on ${problem.missing.join(", ")}, which no integration is named. Add it or remove the dependency.`;
  }
}

function problemsOf(node: StartNode, byName: ReadonlyMap<string, StartNode>): readonly StartProblem[] {
  const missing = node.dependencies.filter((name) => !byName.has(name));
  if (missing.length > 0) return [{ type: "missing", name: node.name, missing }];
  const path = findCycle(node, byName);
  return path === undefined ? [] : [{ type: "cycle", name: node.name, path }];
}

/** The shortest way from a node back to itself, both ends included. */
function findCycle(start: StartNode, byName: ReadonlyMap<string, StartNode>): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const name of node.dependencies) {
      if (name === start.name) return traceBack(cameFrom, node.name, start.name);
      const next = byName.get(name);
      if (next === undefined || cameFrom.has(name)) continue;
      cameFrom.set(name, node.name);
      queue.push(next);
    }
  }
  return undefined;
}

function traceBack(cameFrom: ReadonlyMap<string, string>, last: string, start: string): readonly string[] {
  const path = [start];
  for (let name: string | undefined = last; name !== undefined && name !== start; name = cameFrom.get(name)) {
    path.unshift(name);
  }
  return [start, ...path];
}

/** Takes, again and again, the first by priority of those whose dependencies are all taken. */
function orderOf(nodes: readonly StartNode[]): readonly string[] {
  const present = new Set(nodes.map(({ name }) => name));
  const waitsFor = new Map(
    nodes.map(({ name, dependencies }) => [name, new Set(dependencies.filter((one) => present.has(one)))]),
  );
  const ranked = nodes.toSorted((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1));
  const order: string[] = [];
  while (order.length < nodes.length) {
    const next = ranked.find(({ name }) => waitsFor.get(name)?.size === 0);
    if (next === undefined) break;
    order.push(next.name);
    waitsFor.delete(next.name);
    for (const names of waitsFor.values()) names.delete(next.name);
  }
  return order;
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatStartProblem, planStart, type StartNode } from "./start-order.ts";

const names = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;

/** Any graph at all: cycles, loops onto itself, names that nobody has. */
const anyGraph = fc
  .uniqueArray(fc.constantFrom(...names), { maxLength: names.length })
  .chain((present) => fc.tuple(...present.map((name) => anyNode(name))));

function anyNode(name: string): fc.Arbitrary<StartNode> {
  return fc.record({
    name: fc.constant(name),
    dependencies: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
    priority: fc.nat(3),
  });
}

describe("the start order", () => {
  test("puts dependencies first, then higher priority, then the name", () => {
    const plan = planStart([
      node("gateway", ["redis", "store"], 900),
      node("store", [], 1),
      node("redis", [], 50),
      node("alone", [], 50),
    ]);
    expect(plan).toEqual({
      order: ["alone", "redis", "store", "gateway"],
      problems: [],
    });
  });

  test("names a cycle and a missing name, and orders the rest", () => {
    const plan = planStart([
      node("a", ["b"]),
      node("b", ["c"]),
      node("c", ["a"]),
      node("alone", []),
      node("lost", ["nobody"]),
      node("after-a", ["a"]),
    ]);
    expect(plan.order).toEqual(["after-a", "alone"]);
    expect(plan.problems.map(formatStartProblem)).toEqual([
      "a depends on itself: a → b → c → a. Remove one of these dependencies.",
      "b depends on itself: b → c → a → b. Remove one of these dependencies.",
      "c depends on itself: c → a → b → c. Remove one of these dependencies.",
      "lost depends on nobody, which no integration is named. Add it or remove the dependency.",
    ]);
  });

  test("holds every name once, in the order or among the problems", () => {
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const { order, problems } = planStart(nodes);
        const placed = [...order, ...problems.map(({ name }) => name)];
        expect(placed.toSorted()).toEqual(nodes.map(({ name }) => name).toSorted());
      }),
    );
  });

  test("starts nothing before what it depends on, so that its reverse stops nothing too early", () => {
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const { order } = planStart(nodes);
        for (const { name, dependencies } of nodes) {
          const own = order.indexOf(name);
          if (own < 0) continue;
          for (const dependency of dependencies) expect(order.indexOf(dependency)).toBeLessThan(own);
        }
      }),
    );
  });

  test("reports a cycle exactly where a name leads back to itself, by a path that exists", () => {
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const { problems } = planStart(nodes);
        for (const { name, dependencies } of nodes) {
          if (dependencies.some((one) => nodes.every((node) => node.name !== one))) continue;
          const isReported = problems.some((problem) => problem.type === "cycle" && problem.name === name);
          expect(isReported, name).toBe(leadsTo(nodes, name, name));
        }
        for (const problem of problems) {
          if (problem.type === "cycle") expectPath(nodes, problem.path);
        }
      }),
    );
  });

  test("takes the higher priority whenever both could be next", () => {
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const { order } = planStart(nodes);
        const priorityOf = new Map(nodes.map(({ name, priority }) => [name, priority]));
        order.forEach((name, index) => {
          const previous = order[index - 1];
          if (
            previous === undefined ||
            nodes.some((one) => one.name === name && one.dependencies.includes(previous))
          ) {
            return;
          }
          expect(priorityOf.get(previous)).toBeGreaterThanOrEqual(priorityOf.get(name) ?? 0);
        });
      }),
    );
  });
});

function node(name: string, dependencies: readonly string[], priority = 100): StartNode {
  return { name, dependencies, priority };
}

function leadsTo(nodes: readonly StartNode[], from: string, to: string): boolean {
  const seen = new Set<string>();
  const queue = [from];
  for (const name of queue) {
    for (const next of nodes.find((one) => one.name === name)?.dependencies ?? []) {
      if (next === to) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return false;
}

function expectPath(nodes: readonly StartNode[], path: readonly string[]): void {
  expect(path.length).toBeGreaterThan(1);
  expect(path[0]).toBe(path.at(-1));
  path.slice(1).forEach((name, index) => {
    const before = nodes.find((one) => one.name === path[index]);
    expect(before?.dependencies).toContain(name);
  });
}

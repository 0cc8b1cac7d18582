import fc from "fast-check";
import { expect, test } from "vitest";
import { buildRoutes, offeredRoutes, type RoutingConfig } from "./routes.ts";

const offered = offeredRoutes([
  { integration: "one", model: "x", priority: 1 },
  { integration: "two", model: "x", priority: 0 },
  { integration: "two", model: "y", priority: 0 },
]);

function idsOf(name: string, config: RoutingConfig): readonly string[] | undefined {
  const route = buildRoutes(offered, config).get(name);
  return route && [...route.targets.map(({ id }) => id), ...route.fallbacks];
}

test("names lead to each other, in whatever order they stand", () => {
  const config = {
    aliases: { nick: "late", further: "nick" },
    routes: [
      { model: "early", targets: [{ model: "late", weight: 3 }], fallbacks: ["further"] },
      { model: "late", targets: [{ model: "two/y", weight: 1 }], fallbacks: ["one/x"] },
    ],
  };
  expect(idsOf("further", config)).toEqual(["two/y", "one/x"]);
  expect(idsOf("early", config)).toEqual(["two/y", "two/y"]);
});

test("a route that names itself means the offered model of its name", () => {
  const config = {
    aliases: {},
    routes: [{ model: "x", targets: [{ model: "x", weight: 1 }], fallbacks: [] }],
  };
  expect(idsOf("x", config)).toEqual(["one/x"]);
});

test("a circle, as two sources of names can make one together, ends", () => {
  const names = ["a", "b", "c", "x"];
  const name = fc.constantFrom(...names);
  const route = fc.record({
    model: name,
    targets: fc.array(fc.record({ model: name, weight: fc.nat(3) }), { minLength: 1, maxLength: 3 }),
    fallbacks: fc.array(name, { maxLength: 2 }),
  });
  const config = fc.record({
    aliases: fc.dictionary(name, name),
    routes: fc.array(route, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(config, (each) => {
      const built = buildRoutes(offered, each);
      for (const { model } of each.routes) expect(built.get(model)?.targets.length).toBeGreaterThan(0);
    }),
  );
});

test("a name that leads to shares below 1 keeps its own share whole", () => {
  const config = {
    aliases: {},
    routes: [
      {
        model: "inner",
        targets: [
          { model: "one/x", weight: 0.2 },
          { model: "two/x", weight: 0.2 },
        ],
        fallbacks: [],
      },
      {
        model: "outer",
        targets: [
          { model: "inner", weight: 1 },
          { model: "two/y", weight: 1 },
        ],
        fallbacks: [],
      },
    ],
  };
  expect(buildRoutes(offered, config).get("outer")?.targets).toEqual([
    { id: "one/x", weight: 0.5 },
    { id: "two/x", weight: 0.5 },
    { id: "two/y", weight: 1 },
  ]);
});

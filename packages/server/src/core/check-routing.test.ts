import { describe, expect, test } from "vitest";
import { checkRouting, namesThatLeadTo } from "./check-routing.ts";
import type { RouteEntry, RoutingConfig } from "./routes.ts";

function route(model: string, to: readonly string[], fallbacks: readonly string[] = []): RouteEntry {
  return { model, targets: to.map((name) => ({ model: name, weight: 1 })), fallbacks };
}

const nothing: RoutingConfig = { aliases: {}, routes: [] };

describe("names that can never work", () => {
  test.each<[string, RoutingConfig, readonly (string | number)[], string]>([
    [
      "a circle of routes",
      { ...nothing, routes: [route("a", ["b"]), route("b", ["one/x", "a"])] },
      ["routes", 0, "targets", 0, "model"],
      "leads back to itself: a → b → a",
    ],
    [
      "a circle over a fallback and an alias",
      { aliases: { nick: "a" }, routes: [route("a", ["one/x"], ["one/y", "nick"])] },
      ["routes", 0, "fallbacks", 1],
      "leads back to itself: a → nick → a",
    ],
    [
      "an alias of itself",
      { ...nothing, aliases: { a: "a" } },
      ["aliases", "a"],
      "leads back to itself: a → a",
    ],
    [
      "no weight at all",
      {
        ...nothing,
        routes: [{ model: "a", targets: [{ model: "one/x", weight: 0 }], fallbacks: ["one/y"] }],
      },
      ["routes", 0, "targets"],
      "at least one must have a weight above 0",
    ],
    [
      "a target that is named twice",
      { ...nothing, routes: [route("a", ["one/x", "one/x"])] },
      ["routes", 0, "targets", 1, "model"],
      "`one/x` is named twice",
    ],
    [
      "a name that is given twice",
      { ...nothing, routes: [route("a", ["one/x"]), route("a", ["one/y"])] },
      ["routes", 1, "model"],
      "the name `a` is given twice",
    ],
  ])("%s", (_case, config, path, message) => {
    expect(checkRouting(config)).toContainEqual({ path, message });
  });

  test("a route that means the offered model of its own name is sound, and so are names in any order", () => {
    const config = {
      aliases: { nick: "b", b: "one/x" },
      routes: [route("a", ["nick", "a"], ["c"]), route("c", ["b"])],
    };
    expect(checkRouting(config)).toEqual([]);
  });
});

test("what leads to a name is told, but not itself", () => {
  const config = { aliases: { nick: "a" }, routes: [route("a", ["a"]), route("b", ["one/x"], ["a"])] };
  expect(namesThatLeadTo("a", config)).toEqual(["nick", "b"]);
});

import { expect, test } from "vitest";
import { addPlace, movePlace, nothingYet, sharesOf, toFields } from "./route-draft.ts";

const places = ["3", "1", "", "nonsense", "-4"].map((weight, key) => ({ key, model: ` m${key} `, weight }));

test("shares are parts of all weights, and what is no weight has none", () => {
  expect(sharesOf(places)).toEqual([0.75, 0.25, 0, 0, 0]);
  expect(sharesOf([])).toEqual([]);
  expect(sharesOf(places.slice(2))).toEqual([0, 0, 0]);
});

test("a place moves by one, and stays at an end", () => {
  const keys = (key: number, by: -1 | 1) => movePlace(places, key, by).map((each) => each.key);
  expect(keys(2, -1)).toEqual([0, 2, 1, 3, 4]);
  expect(keys(2, 1)).toEqual([0, 1, 3, 2, 4]);
  expect(keys(0, -1)).toEqual([0, 1, 2, 3, 4]);
  expect(keys(4, 1)).toEqual([0, 1, 2, 3, 4]);
});

test("a new place has a key of its own, also when others have moved", () => {
  expect(addPlace(movePlace(places, 4, -1)).at(-1)?.key).toBe(5);
  expect(addPlace([]).at(-1)?.key).toBe(0);
});

test("an alias is sent without targets, a route without an alias", () => {
  expect(toFields({ ...nothingYet, kind: "alias", aliasOf: " one/x " })).toEqual({ alias_of: "one/x" });
  expect(toFields({ ...nothingYet, targets: places.slice(0, 1), fallbacks: places.slice(1, 2) })).toEqual({
    targets: [{ model: "m0", weight: 3 }],
    fallbacks: ["m1"],
  });
});

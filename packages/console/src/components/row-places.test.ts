import { expect, test } from "vitest";
import { noPlaces, placeRows } from "./row-places.ts";

const keys = (text: string) => text.split("");
const shown = (places: ReturnType<typeof placeRows>) =>
  places.order.map((place) => [...places.byKey].find(([, at]) => at === place)?.[0] ?? "?").join("");

test("a row that stays keeps its element, and one that comes takes that of one that left", () => {
  const first = placeRows(noPlaces, keys("abc"), false);
  const second = placeRows(first, keys("bcd"), true);
  expect(second.byKey.get("b")).toBe(first.byKey.get("b"));
  expect(second.byKey.get("c")).toBe(first.byKey.get("c"));
  expect(second.byKey.get("d")).toBe(first.byKey.get("a"));
});

test("no element moves while the rows do, and all stand in order when they rest", () => {
  const first = placeRows(noPlaces, keys("abc"), false);
  const moving = placeRows(first, keys("bcd"), true);
  expect(moving.order).toEqual(first.order);
  expect(shown(moving)).toBe("dbc");
  expect(shown(placeRows(moving, keys("bcd"), false))).toBe("bcd");
});

test("rows that are more take elements of their own, and those that are fewer leave theirs", () => {
  const first = placeRows(noPlaces, keys("abc"), false);
  const fewer = placeRows(first, keys("b"), false);
  expect(shown(fewer)).toBe("b");
  const more = placeRows(fewer, keys("xbyz"), true);
  expect(new Set(more.byKey.values()).size).toBe(4);
  expect([...shown(more)].sort().join("")).toBe("bxyz");
});

test("what did not change is the same object", () => {
  const first = placeRows(noPlaces, keys("abc"), false);
  expect(placeRows(first, keys("abc"), true)).toBe(first);
});

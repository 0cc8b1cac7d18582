import { expect, it } from "vitest";
import { chooseSlot } from "./slot-choice.ts";

const slot = (heldTokens: number, commonTokens: number, usedAt: number, busyNeighbours = 0) => ({
  heldTokens,
  commonTokens,
  usedAt,
  busyNeighbours,
});

it.each([
  ["the one that holds the conversation", [slot(800, 790, 1), slot(0, 0, 0)], 0],
  ["an empty one for what only begins like a conversation", [slot(800, 2, 1), slot(0, 0, 0)], 1],
  ["the one unused for longest where none fits", [slot(800, 2, 3), slot(20, 2, 4)], 0],
  ["one beside those at work", [slot(0, 0, 0), slot(0, 0, 0, 1), slot(0, 0, 0), slot(0, 0, 0, 2)], 1],
  ["none of the half used last for its neighbours", [slot(20, 2, 1), slot(20, 2, 4, 2)], 0],
  [
    "the one of the older half with most neighbours",
    [slot(9, 2, 1), slot(9, 2, 4, 2), slot(9, 2, 3), slot(9, 2, 2, 1)],
    3,
  ],
  ["its own, without regard to neighbours", [slot(800, 790, 4), slot(0, 0, 0, 2)], 0],
  ["the one that spares most", [slot(500, 300, 1), slot(420, 400, 2)], 1],
])("a prompt gets %s", (_what, slots, index) => {
  expect(chooseSlot(slots)).toBe(slots[index]);
});

it("none is idle, none is chosen", () => {
  expect(chooseSlot([])).toBeUndefined();
});

import { expect, it } from "vitest";
import { chooseSlot } from "./slot-choice.ts";

const slot = (heldTokens: number, commonTokens: number, usedAt: number) => ({
  heldTokens,
  commonTokens,
  usedAt,
});

it.each([
  ["the one that holds the conversation", [slot(800, 790, 1), slot(0, 0, 0)], 0],
  ["an empty one for what only begins like a conversation", [slot(800, 2, 1), slot(0, 0, 0)], 1],
  ["the one unused for longest where none fits", [slot(800, 2, 3), slot(20, 2, 4)], 0],
  ["the one that spares most", [slot(500, 300, 1), slot(420, 400, 2)], 1],
])("a prompt gets %s", (_what, slots, index) => {
  expect(chooseSlot(slots)).toBe(slots[index]);
});

it("none is idle, none is chosen", () => {
  expect(chooseSlot([])).toBeUndefined();
});

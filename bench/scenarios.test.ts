import { expect, test } from "vitest";
import { isPeerRound } from "./scenarios.ts";

function peerRoundsOf(rounds: number): readonly number[] {
  return Array.from({ length: rounds }, (_, index) => index + 1).filter((round) =>
    isPeerRound(round, rounds),
  );
}

test.each([
  [1, [1]],
  [4, [1, 2, 3, 4]],
  [11, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  [12, [2, 4, 6, 8, 10, 12]],
  [24, [4, 8, 12, 16, 20, 24]],
])("of %i rounds peers have part in %j", (rounds, expected) => {
  expect(peerRoundsOf(rounds)).toEqual(expected);
});

test.each([1, 4, 24, 100])("peers warm up in round 0 of %i", (rounds) => {
  expect(isPeerRound(0, rounds)).toBe(true);
});

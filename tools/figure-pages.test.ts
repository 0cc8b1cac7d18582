import { expect, test } from "vitest";
import { fillFigures } from "./generators/figure-pages.ts";

const results = `
| scenario | contestant | µs |
| --- | --- | --- |
| json, 1 KB | ours | 40.2 |
| json, 1 KB | theirs | 10,046 |

| what | µs |
| --- | --- |
| twice | 1 |
| twice | 2 |
| none |  |
`;

test("a figure is that of its row and column, to three places", () => {
  expect(
    fillFigures(
      "a <!--= json, 1 KB, ours: µs -->7<!--/--> b <!--= json, 1 KB, theirs: µs --><!--/-->",
      results,
    ),
  ).toBe("a <!--= json, 1 KB, ours: µs -->40.2<!--/--> b <!--= json, 1 KB, theirs: µs -->10,000<!--/-->");
});

test.each([
  ["json, 1 KB, nobody: µs", "has 0 rows"],
  ["json, 1 KB, ours: ms", "has 0 rows"],
  ["twice: µs", "has 2 rows"],
  ["none: µs", "is no number"],
])("what is not there once is an error: %s", (name, problem) => {
  expect(() => fillFigures(`<!--= ${name} --><!--/-->`, results)).toThrow(problem);
});

import { expect, test } from "vitest";
import { bucketQuantile } from "./bucket-quantile.ts";

test.each([
  [0.5, [0, 10, 0, 0], 1.5],
  [0.95, [10, 0, 0, 0], 0.95],
  [0.5, [0, 0, 0, 5], 4],
  [1, [1, 1, 0, 0], 2],
])("quantile %d of %j is %d", (quantile, counts, expected) => {
  expect(bucketQuantile(quantile, [1, 2, 4], counts)).toBeCloseTo(expected, 10);
});

test("of nothing there is none", () => {
  expect(bucketQuantile(0.5, [1, 2], [0, 0, 0])).toBeNaN();
});

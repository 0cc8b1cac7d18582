import { expect, test } from "vitest";
import { shareOf } from "./limit-share.ts";
import type { Limit } from "./limits.ts";

const limit = (values: Partial<Limit>): Limit => ({
  scope: "key",
  id: "k",
  requestsPerMinute: undefined,
  tokensPerMinute: undefined,
  maxConcurrent: undefined,
  ...values,
});

test.each([
  [{ requestsPerMinute: 10, tokensPerMinute: 1_000, maxConcurrent: 7 }, 3, [3, 333, 2]],
  [{ requestsPerMinute: 2, tokensPerMinute: 2, maxConcurrent: 2 }, 3, [1, 1, 1]],
  [{ requestsPerMinute: 10 }, 2, [5, undefined, undefined]],
  [{ requestsPerMinute: 10, tokensPerMinute: 9, maxConcurrent: 8 }, 1, [10, 9, 8]],
  [{ requestsPerMinute: 10, tokensPerMinute: 9, maxConcurrent: 8 }, 0, [10, 9, 8]],
])("of %j each of %d replicas has %j", (values, replicas, expected) => {
  const { limits, tokens } = shareOf({ limits: [limit(values)], tokens: 50 }, replicas);
  expect(tokens).toBe(50);
  expect(limits.map((each) => [each.requestsPerMinute, each.tokensPerMinute, each.maxConcurrent])).toEqual([
    expected,
  ]);
  expect(limits).toMatchObject([{ scope: "key", id: "k" }]);
});

import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { BudgetAsk } from "../../packages/server/src/core/budget-lease.ts";
import { exchangeBudgets } from "../../packages/server/src/sharing/budget-exchange.ts";
import { SharedBudgetCounts } from "../../packages/server/src/sharing/shared-budgets.test-data.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";

let redis: TestRedis;

const amounts = fc.nat(400);
const step = fc.record({
  replica: fc.constantFrom("a", "b", "c"),
  does: fc.oneof(
    { weight: 12, arbitrary: fc.constant("ask" as const) },
    { weight: 1, arbitrary: fc.constantFrom("bury" as const, "forget" as const) },
  ),
  recorded: amounts,
  unrecorded: amounts,
  fresh: amounts,
  spent: amounts,
  lease: amounts,
  reserved: fc.nat(40),
  need: fc.oneof(fc.constant(0), amounts),
  want: amounts,
});

describe.skipIf(redisServer === undefined)("the script of budgets", () => {
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.client.flushall());
  afterAll(() => redis.stop());

  const exchange = (replica: string, asks: readonly BudgetAsk[]) =>
    exchangeBudgets(redis.client, asks, { replica, keyPrefix: "test:" });

  test("counts as the tests of leases take it to", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        await redis.client.flushall();
        const counts = new SharedBudgetCounts();
        for (const { replica, does, ...told } of steps) {
          const ask = { budgetId: "b", periodStartMs: 0, amount: 1_000, ...told };
          if (does === "bury") {
            counts.bury(replica);
            await redis.client.zrem("test:replicas", replica);
          } else if (does === "forget") {
            counts.forget();
            await redis.client.del("test:budget:b:0");
          } else {
            expect(await exchange(replica, [ask])).toEqual(counts.exchange(replica, [ask]));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test("reckons the largest budget to the millionth, and keeps periods apart", async () => {
    const most = 1_000_000_000_000_000;
    const told = { unrecorded: 0, fresh: 0, lease: 0, reserved: 0, want: 0 };
    const all = {
      ...told,
      budgetId: "b",
      periodStartMs: 0,
      amount: most,
      recorded: most - 3,
      spent: 0,
      need: 2,
    };
    expect(await exchange("a", [all, { ...all, periodStartMs: 86_400_000, recorded: 1 }])).toEqual([
      { granted: 2, spent: most - 3, reservedElsewhere: 0, left: 1 },
      { granted: 2, spent: 1, reservedElsewhere: 0, left: most - 3 },
    ]);
    expect(await exchange("b", [all])).toMatchObject([{ granted: 1, left: 0 }]);
  });
});

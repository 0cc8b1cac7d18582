import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SlotAsk, WindowAsk } from "../../packages/server/src/core/lease.ts";
import { SlidingWindow } from "../../packages/server/src/core/sliding-window.ts";
import { exchangeScript } from "../../packages/server/src/sharing/exchange-script.ts";
import { exchangeLimits } from "../../packages/server/src/sharing/limit-exchange.ts";
import { redisServer, startRedis, type TestRedis } from "../services/redis.ts";

let redis: TestRedis;

const step = fc.record({
  limit: fc.constantFrom(10, 10, 10, 7),
  owed: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(25) }),
  need: fc.nat(6),
  want: fc.nat(8),
  returned: fc.array(fc.tuple(fc.nat(80), fc.nat(6)), { maxLength: 2 }),
  pauseMs: fc.constantFrom(0, 0, 0, 1, 3, 20),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const nothing: Step = { limit: 10, owed: 0, need: 0, want: 0, returned: [], pauseMs: 0 };
/** What was taken is given back whole. */
const givenBack: Step[] = [
  { ...nothing, want: 1 },
  { ...nothing, returned: [[0, 1]] },
];

describe.skipIf(redisServer === undefined)("the exchange script", () => {
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.client.flushall());
  afterAll(() => redis.stop());

  const exchange = (replica: string, asks: readonly (WindowAsk | SlotAsk)[], epoch = "first") =>
    exchangeLimits(redis.client, asks, { replica, keyPrefix: "test:", newEpoch: () => epoch });
  const slots = (held: number, need: number, want = 0): SlotAsk => {
    return { scope: "key", id: "k", kind: "concurrent", limit: 10, held, need, want };
  };
  const requests = (more: Partial<WindowAsk>): WindowAsk => {
    const count = { scope: "key", id: "k", kind: "requests", limit: 10 } as const;
    return { ...count, need: 0, want: 0, unit: 1, owed: 0, returned: [], ...more };
  };

  test("counts what there is in a minute as a sliding window in a process does", async () => {
    const windowMs = 60;
    const counter = { runs: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const window = new SlidingWindow(10, windowMs);
        const keys = ["test:r", "test:e", `test:${counter.runs++}`];
        for (const { limit, owed, need, want, returned, pauseMs } of steps) {
          if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
          const ask = ["w", limit, windowMs, owed, need, 1, want, returned.flat()];
          const reply = await redis.client.eval(
            exchangeScript,
            keys.length,
            ...keys,
            "a",
            5_000,
            "e",
            JSON.stringify([ask]),
          );
          if (!Array.isArray(reply)) throw new Error("the script gave no list");
          const [nowMs, replicas, , granted, remaining, waitMs, resetMs] = reply.map(Number);
          if (nowMs === undefined || granted === undefined) throw new Error("the script's list is short");
          expect(replicas).toBe(1);
          window.resize(limit);
          for (const [ageMs, amount] of returned) window.giveBack(amount, nowMs - ageMs, nowMs);
          if (owed > 0) window.take(owed, nowMs);
          const free = Math.max(0, limit - window.used(nowMs));
          const ahead = Math.max(0, Math.min(want, Math.floor((free - need) / 2)));
          const given = need > free ? free : need + ahead;
          expect(granted).toBe(given);
          if (given > 0) window.take(given, nowMs);
          const quota = window.quota(nowMs);
          expect({ remaining, resetMs }).toEqual({ remaining: quota.remaining, resetMs: quota.resetMs });
          expect(waitMs).toBe(given < need ? window.waitMs(1, nowMs) : 0);
        }
      }),
      { numRuns: 60, examples: [[givenBack]] },
    );
  });

  test("lends less ahead the less there is, and the more replicas there are", async () => {
    const ahead = async (replica: string, want: number) =>
      (await exchange(replica, [requests({ limit: 100, want })])).answers[0]?.granted;
    expect(await ahead("a", 1_000)).toBe(50);
    await exchange("b", []);
    expect(await ahead("a", 1_000)).toBe(12);
    expect(await ahead("b", 5)).toBe(5);
    for (let each = 0; each < 50; each++) await ahead("a", 1_000);
    expect(await ahead("a", 1_000)).toBe(0);
  });

  test("what one replica took is taken for all, and what it gives back can be had by all", async () => {
    expect((await exchange("a", [requests({ need: 8 })])).answers[0]).toMatchObject({
      granted: 8,
      remaining: 2,
    });
    const short = (await exchange("b", [requests({ need: 5 })])).answers[0];
    expect(short).toMatchObject({ granted: 2, remaining: 0 });
    expect(short?.waitMs).toBeGreaterThan(59_000);
    await exchange("a", [requests({ returned: [1_000, 3] })]);
    // What is said to have been taken before anything was, does not come back.
    await exchange("a", [requests({ returned: [50_000, 3] })]);
    expect((await exchange("b", [requests({ need: 5 })])).answers[0]).toMatchObject({ granted: 0 });
    await exchange("a", [requests({ returned: [0, 3] })]);
    expect((await exchange("b", [requests({ need: 5 })])).answers[0]).toMatchObject({ granted: 3 });
  });

  test("slots of a replica that is heard no more are free, and what is held is told whole", async () => {
    expect((await exchange("a", [slots(0, 7)])).answers[0]).toMatchObject({ granted: 7, remaining: 3 });
    expect((await exchange("b", [slots(0, 7)])).answers[0]).toMatchObject({ granted: 3, remaining: 0 });
    expect((await exchange("a", [slots(2, 0)])).answers[0]).toMatchObject({ remaining: 5 });
    expect((await exchange("b", [slots(3, 6)])).answers[0]).toMatchObject({ granted: 5 });
    await redis.client.zrem("test:replicas", "b");
    expect((await exchange("a", [slots(2, 9)])).answers[0]).toMatchObject({ granted: 8, remaining: 0 });
  });

  test("who has forgotten everything says so by another epoch", async () => {
    expect((await exchange("a", [], "one")).epoch).toBe("one");
    expect((await exchange("b", [], "two")).epoch).toBe("one");
    await redis.client.flushall();
    const { epoch, replicas } = await exchange("b", [], "two");
    expect({ epoch, replicas }).toEqual({ epoch: "two", replicas: 1 });
  });
});

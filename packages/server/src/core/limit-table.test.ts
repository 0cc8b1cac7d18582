import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LimitTable } from "./limit-table.ts";
import { type Limit, type LimitDemand, type LimitHold, noLimits } from "./limits.ts";

const minuteMs = 60_000;

function demand(limits: readonly Partial<Limit>[], tokens = 0): LimitDemand {
  return { tokens, limits: limits.map((each) => ({ ...noLimits, scope: "key", id: "a", ...each })) };
}

describe("requests a minute", () => {
  test("as many go through at once as the limit says, and the next is told when to come back", () => {
    const table = new LimitTable();
    const wish = demand([{ requestsPerMinute: 60 }]);
    for (let each = 0; each < 60; each++) expect(table.take(wish, 0).hold).toBeDefined();
    const { verdict, hold } = table.take(wish, 0);
    expect(hold).toBeUndefined();
    expect(verdict.refusal).toEqual({
      scope: "key",
      id: "a",
      kind: "requests",
      limit: 60,
      retryAfterMs: minuteMs,
    });
    expect(verdict.requests).toEqual({ limit: 60, remaining: 0, resetMs: minuteMs });
    expect(table.take(wish, minuteMs - 1).hold).toBeUndefined();
    expect(table.take(wish, minuteMs).hold).toBeDefined();
  });

  test("who waits as long as he was told is let in", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (perMinute, gaps) => {
          const table = new LimitTable();
          const wish = demand([{ requestsPerMinute: perMinute, tokensPerMinute: 1_000 }], 300);
          let nowMs = 0;
          for (const gap of gaps) {
            nowMs += gap;
            const { refusal } = table.take(wish, nowMs).verdict;
            if (refusal === undefined) continue;
            nowMs += refusal.retryAfterMs;
            expect(table.take(wish, nowMs).hold).toBeDefined();
          }
        },
      ),
    );
  });
});

describe("tokens a minute", () => {
  const wish = (tokens: number) => demand([{ tokensPerMinute: 1_000 }], tokens);
  const left = (table: LimitTable, nowMs = 0) => table.take(wish(0), nowMs).verdict.tokens?.remaining;

  test("an estimate is reserved, and what was not used of it comes back", () => {
    const table = new LimitTable();
    const { hold } = table.take(wish(800), 0);
    expect(left(table)).toBe(200);
    expect(table.take(wish(300), 0).verdict.refusal?.kind).toBe("tokens");
    hold?.settle(100, 0);
    expect(left(table)).toBe(900);
  });

  test("what was used beyond the estimate is a debt that is worked off", () => {
    const table = new LimitTable();
    table.take(wish(100), 0).hold?.settle(2_000, 0);
    expect(left(table)).toBe(0);
    expect(table.take(wish(1), 0).verdict.refusal?.retryAfterMs).toBe(2 * minuteMs);
    expect(left(table, minuteMs)).toBe(0);
    expect(left(table, minuteMs * 2)).toBe(1_000);
  });

  test("a call that wants more than the limit needs all of it", () => {
    const table = new LimitTable();
    const { hold } = table.take(wish(50_000), 0);
    expect(hold).toBeDefined();
    expect(left(table)).toBe(0);
    hold?.settle(400, 0);
    expect(left(table)).toBe(600);
    expect(table.take(wish(50_000), 0).verdict.refusal?.retryAfterMs).toBe(minuteMs);
  });

  test("an estimate stands where the use is not known, and a second settlement changes nothing", () => {
    const table = new LimitTable();
    const { hold } = table.take(wish(400), 0);
    hold?.settle(undefined, 0);
    hold?.settle(0, 0);
    expect(left(table)).toBe(600);
  });

  test("with every call settled, what is gone is what was used", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ estimate: fc.nat(400), used: fc.nat(900), isLate: fc.boolean() }), {
          maxLength: 40,
        }),
        (calls) => {
          const perMinute = 1_000_000;
          const table = new LimitTable();
          const holds: { readonly hold: LimitHold | undefined; readonly used: number }[] = [];
          for (const { estimate, used, isLate } of calls) {
            const { hold } = table.take(demand([{ tokensPerMinute: perMinute }], estimate), 0);
            if (isLate) holds.push({ hold, used });
            else hold?.settle(used, 0);
          }
          for (const { hold, used } of holds) hold?.settle(used, 0);
          const used = calls.reduce((sum, call) => sum + call.used, 0);
          const { tokens } = table.take(demand([{ tokensPerMinute: perMinute }], 0), 0).verdict;
          expect(tokens?.remaining).toBe(perMinute - used);
        },
      ),
    );
  });
});

describe("calls at once", () => {
  test("the limit is never exceeded, and a call that ended makes room", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (most, steps) => {
          const table = new LimitTable();
          const active: LimitHold[] = [];
          for (const begins of steps) {
            if (!begins) {
              active.shift()?.settle(0, 0);
              continue;
            }
            const { verdict, hold } = table.take(demand([{ maxConcurrent: most }]), 0);
            expect(hold === undefined).toBe(active.length === most);
            expect(verdict.refusal?.kind).toBe(hold === undefined ? "concurrent" : undefined);
            if (hold !== undefined) active.push(hold);
          }
          expect(active.length).toBeLessThanOrEqual(most);
        },
      ),
    );
  });
});

describe("several limits", () => {
  const three = (tokens: number) =>
    demand(
      [
        { scope: "key", requestsPerMinute: 100, tokensPerMinute: 100_000, maxConcurrent: 50 },
        { scope: "user", requestsPerMinute: 10 },
        { scope: "global", id: "", tokensPerMinute: 1_000 },
      ],
      tokens,
    );

  test("a call that one refuses takes nothing of the others", () => {
    const table = new LimitTable();
    table.take(three(1_000), 0);
    const before = table.take(three(0), 0).verdict;
    for (let each = 0; each < 20; each++) {
      const { verdict } = table.take(three(5), 0);
      expect(verdict.refusal).toMatchObject({ scope: "global", kind: "tokens", limit: 1_000 });
      expect(verdict.requests).toEqual(before.requests);
    }
  });

  test("the tightest is told, and the refusal that lasts longest", () => {
    const table = new LimitTable();
    const { verdict } = table.take(three(200), 0);
    expect(verdict.requests).toMatchObject({ limit: 10, remaining: 9 });
    expect(verdict.tokens).toMatchObject({ limit: 1_000, remaining: 800 });
    // The user waits for a request until 60 s, all together for 200 tokens until 65 s.
    const late = new LimitTable();
    for (let each = 0; each < 9; each++) late.take(three(0), 0);
    late.take(three(1_000), 5_000);
    expect(late.take(three(200), 10_000).verdict.refusal).toMatchObject({
      scope: "global",
      retryAfterMs: 55_000,
    });
    expect(late.take(three(0), 10_000).verdict.refusal).toMatchObject({
      scope: "user",
      retryAfterMs: 50_000,
    });
  });

  test("what any mix of calls took is what was let in", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ one: fc.boolean(), other: fc.boolean(), id: fc.nat(2) }), { maxLength: 60 }),
        (calls) => {
          const table = new LimitTable();
          const passed = new Map<string, number>();
          for (const { one, other, id } of calls) {
            const limits: Partial<Limit>[] = [
              ...(one ? [{ scope: "key", id: String(id), requestsPerMinute: 5 } as const] : []),
              ...(other ? [{ scope: "user", id: "u", requestsPerMinute: 7 } as const] : []),
            ];
            if (table.take(demand(limits), 0).hold === undefined) continue;
            for (const limit of limits) {
              const name = `${limit.scope} ${limit.id}`;
              passed.set(name, (passed.get(name) ?? 0) + 1);
            }
          }
          for (const [name, count] of passed) {
            const [scope, id = ""] = name.split(" ");
            const limit: Partial<Limit> =
              scope === "key" ? { id, requestsPerMinute: 5 } : { scope: "user", id, requestsPerMinute: 7 };
            const most = limit.requestsPerMinute ?? 0;
            expect(count).toBeLessThanOrEqual(most);
            const { hold, verdict } = table.take(demand([limit]), 0);
            expect(verdict.requests?.remaining).toBe(most - count - (hold === undefined ? 0 : 1));
          }
        },
      ),
    );
  });

  test("a changed limit holds at once, and what was used counts against it", () => {
    const table = new LimitTable();
    for (let each = 0; each < 5; each++) table.take(demand([{ requestsPerMinute: 10 }]), 0);
    expect(table.take(demand([{ requestsPerMinute: 4 }]), 0).hold).toBeUndefined();
    expect(table.take(demand([{ requestsPerMinute: 7 }]), 0).verdict.requests).toMatchObject({
      limit: 7,
      remaining: 1,
    });
  });
});

describe("memory", () => {
  test("a million addresses leave no more than the bound, and calls in flight are not forgotten", () => {
    const table = new LimitTable(1_000);
    const { hold } = table.take(demand([{ scope: "address", id: "busy", maxConcurrent: 1 }]), 0);
    for (let each = 0; each < 1_000_000; each++)
      table
        .take(demand([{ scope: "address", id: String(each), requestsPerMinute: 1 }]), 0)
        .hold?.settle(0, 0);
    expect(table.size).toBeLessThanOrEqual(1_001);
    const again = demand([{ scope: "address", id: "busy", maxConcurrent: 1 }]);
    expect(table.take(again, 0).hold).toBeUndefined();
    hold?.settle(0, 0);
    expect(table.take(again, 0).hold).toBeDefined();
  });

  test("what counts no longer goes as others come", () => {
    const table = new LimitTable();
    for (let each = 0; each < 5_000; each++)
      table
        .take(demand([{ scope: "address", id: String(each), requestsPerMinute: 60 }]), 0)
        .hold?.settle(0, 0);
    for (let each = 5_000; each < 10_000; each++)
      table
        .take(demand([{ scope: "address", id: String(each), requestsPerMinute: 60 }]), minuteMs)
        .hold?.settle(0, 0);
    expect(table.size).toBeLessThanOrEqual(5_001);
  });

  test("two models of one call are both counted in an empty table", () => {
    const table = new LimitTable();
    const both = demand([
      { scope: "model", id: "a", requestsPerMinute: 1 },
      { scope: "model", id: "b", requestsPerMinute: 5 },
    ]);
    expect(table.take(both, 0).hold).toBeDefined();
    expect(table.take(both, 0).verdict.refusal).toMatchObject({ id: "a" });
  });
});

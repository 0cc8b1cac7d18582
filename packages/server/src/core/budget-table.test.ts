import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BudgetTable } from "./budget-table.ts";
import type { Budget, BudgetCharge, BudgetDemand, BudgetHold, BudgetNotice } from "./budgets.ts";
import { periodStart } from "./budget-period.ts";

const dayMs = 86_400_000;

function budgetOf(changes: Partial<Budget> = {}): Budget {
  return {
    id: "b",
    name: "b",
    scope: "global",
    subject: "",
    period: "day",
    amountMicros: 1_000,
    currency: "USD",
    warnAtPercents: [80, 100],
    action: "block",
    createdAtMs: 0,
    ...changes,
  };
}

function tableOf(...budgets: readonly Budget[]) {
  const notices: BudgetNotice[] = [];
  const table = new BudgetTable({ onNotice: (notice) => notices.push(notice) });
  table.replace(budgets, 0);
  return { table, told: () => notices.map(({ type, percent }) => `${type} ${percent}`) };
}

const wish = (micros: number, ...ids: readonly string[]): BudgetDemand => ({
  required: (ids.length === 0 ? ["b"] : ids).map((budgetId) => ({ budgetId, micros })),
  integrations: [],
  hasOtherWay: true,
});

const charge = (micros: number, changes: Partial<BudgetCharge> = {}): readonly BudgetCharge[] => [
  { budgetId: "b", periodStartMs: 0, micros, isAssumed: false, ...changes },
];

describe("a budget", () => {
  test("is never reserved beyond its amount, and overshot by what a call cost beyond its reservation alone", () => {
    const call = fc.record({
      reserved: fc.integer({ min: 1, max: 400 }),
      ends: fc.nat(20),
      over: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const { table } = tableOf(budgetOf());
        const open: { readonly hold: BudgetHold; readonly cost: number }[] = [];
        let number = 0;
        let excess = 0;
        for (const { reserved, ends, over } of calls) {
          const before = table.use("b", 0);
          const { verdict, hold } = table.reserve(wish(reserved), 0);
          const used = (before?.spentMicros ?? 0) + (before?.reservedMicros ?? 0);
          expect(hold === undefined).toBe(used + reserved > 1_000);
          expect(verdict.refusal === undefined).toBe(hold !== undefined);
          if (hold !== undefined) open.push({ hold, cost: reserved + over });
          const ending = ends < open.length ? open.splice(ends, 1)[0] : undefined;
          if (ending === undefined) continue;
          ending.hold.settle(`${++number}.1`, charge(ending.cost));
          ending.hold.release();
          excess += over;
          expect(table.use("b", 0)?.spentMicros).toBeLessThanOrEqual(1_000 + excess + 50);
        }
        const spent = table.use("b", 0)?.spentMicros ?? 0;
        for (const { hold } of open) hold.release();
        expect(table.use("b", 0)).toMatchObject({ spentMicros: spent, reservedMicros: 0 });
      }),
    );
  });

  test("counts exactly what was settled, once, however records come", () => {
    const attempt = fc.record({
      micros: fc.nat(1_000),
      isTold: fc.boolean(),
      isRecorded: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 40 }), (attempts) => {
        const { table } = tableOf(budgetOf({ action: "warn" }));
        const { hold } = table.reserve(wish(1), 0);
        for (const [at, { micros, isTold }] of attempts.entries())
          if (isTold) hold?.settle(`${at}.1`, charge(micros));
        for (const [at, { micros, isRecorded }] of attempts.entries())
          if (isRecorded) table.noteRecorded([{ attemptId: `${at}.1`, charges: charge(micros) }]);
        const counted = attempts.filter(({ isTold, isRecorded }) => isTold || isRecorded);
        const sum = counted.reduce((total, { micros }) => total + micros, 0);
        expect(table.use("b", 0)?.spentMicros).toBe(sum);
      }),
    );
  });

  test("of several takes all or nothing", () => {
    const { table } = tableOf(budgetOf({ id: "wide" }), budgetOf({ id: "narrow", amountMicros: 100 }));
    const { verdict, hold } = table.reserve(wish(101, "wide", "narrow"), 0);
    expect(hold).toBeUndefined();
    expect(verdict.refusal).toMatchObject({ remainingMicros: 100, neededMicros: 101, retryAfterMs: dayMs });
    expect(table.use("wide", 0)?.reservedMicros).toBe(0);
    expect(table.reserve(wish(100, "wide", "narrow"), 0).hold).toBeDefined();
  });

  test("whose money is held by calls in flight says so", () => {
    const { table, told } = tableOf(budgetOf());
    const { hold } = table.reserve(wish(900), 0);
    expect(table.reserve(wish(200), 0).verdict.refusal).toMatchObject({ isHeld: true, retryAfterMs: 1_000 });
    expect(told()).toEqual([]);
    hold?.release();
    hold?.release();
    expect(table.reserve(wish(1_000), 0).hold).toBeDefined();
  });

  test("begins anew with its period, whatever was held in the one before", () => {
    const month = budgetOf({ period: "month" });
    const { table } = tableOf(month);
    const late = Date.parse("2026-02-28T23:59:59Z");
    table.replace([month], late);
    const { hold } = table.reserve(wish(700), late);
    const next = Date.parse("2026-03-01T00:00:00Z");
    expect(table.reserve(wish(1_000), next).hold).toBeDefined();
    hold?.settle("1.1", charge(650, { periodStartMs: periodStart("month", late) }));
    hold?.release();
    expect(table.use("b", next)).toMatchObject({
      periodStartMs: next,
      periodEndMs: Date.parse("2026-04-01T00:00:00Z"),
      spentMicros: 0,
      reservedMicros: 1_000,
    });
    // A clock that is set back does not bring the old month back.
    expect(table.reserve(wish(1), late).verdict.refusal).toBeDefined();
  });

  test("without a period has no time to wait for", () => {
    const { table } = tableOf(budgetOf({ period: "total" }));
    expect(table.reserve(wish(1_001), 0).verdict.refusal?.retryAfterMs).toBeUndefined();
  });

  test("that only warns lets everything in, and tells each threshold once in a period", () => {
    const { table, told } = tableOf(budgetOf({ action: "warn" }));
    const { hold } = table.reserve(wish(5_000), 0);
    hold?.settle("1.1", charge(799));
    expect(told()).toEqual([]);
    hold?.settle("1.2", charge(1));
    hold?.settle("1.3", charge(500));
    hold?.settle("1.4", charge(500));
    const first = ["threshold_reached 80", "threshold_reached 100", "exhausted 100"];
    expect(told()).toEqual(first);
    hold?.settle("1.5", charge(1_000, { periodStartMs: dayMs }));
    expect(told()).toEqual([...first, ...first]);
  });

  test("does not tell anew after a start what was told before, and tells what a lower amount makes true", () => {
    const { table, told } = tableOf(budgetOf());
    table.restore({ budgetId: "b", periodStartMs: 0, spentMicros: 850, assumedMicros: 0 });
    table.restore({ budgetId: "b", periodStartMs: dayMs, spentMicros: 1_000_000, assumedMicros: 0 });
    table.restore({ budgetId: "b", periodStartMs: 0, spentMicros: 0, assumedMicros: 20 });
    expect(table.use("b", 0)).toMatchObject({ spentMicros: 850, assumedMicros: 20 });
    expect(table.reserve(wish(150), 0).hold).toBeDefined();
    expect(told()).toEqual([]);
    table.replace([budgetOf({ amountMicros: 2_000 })], 0);
    table.replace([budgetOf({ amountMicros: 1_000 })], 0);
    expect(told()).toEqual(["threshold_reached 80"]);
    table.replace([budgetOf({ amountMicros: 800 })], 0);
    expect(told().slice(1)).toEqual(["threshold_reached 100", "exhausted 100"]);
  });

  test("is in no free call's way, and in nobody's when it is gone", () => {
    const { table } = tableOf(budgetOf());
    table.restore({ budgetId: "b", periodStartMs: 0, spentMicros: 5_000, assumedMicros: 0 });
    expect(table.reserve(wish(0), 0).hold).toBeDefined();
    const { hold } = table.reserve(wish(0), 0);
    table.replace([], 0);
    expect(table.reserve(wish(9_999), 0).hold).toBeDefined();
    hold?.settle("1.1", charge(1));
    hold?.release();
    expect(table.use("b", 0)).toBeUndefined();
  });

  test("counts attempts whose records stay away twice rather than not at all, in bounded memory", () => {
    const table = new BudgetTable({ onNotice: () => undefined, mostUnrecorded: 2 });
    table.replace([budgetOf({ action: "warn" })], 0);
    const { hold } = table.reserve(wish(1), 0);
    for (const id of ["1.1", "1.2", "1.3"]) hold?.settle(id, charge(10));
    table.noteRecorded(["1.1", "1.2", "1.3"].map((attemptId) => ({ attemptId, charges: charge(10) })));
    expect(table.use("b", 0)?.spentMicros).toBe(40);
  });
});

describe("budgets of integrations", () => {
  const demand = (hasOtherWay: boolean): BudgetDemand => ({
    required: [],
    integrations: ["one", "two"].map((integration) => ({
      integration,
      reservations: [{ budgetId: integration, micros: 60 }],
    })),
    hasOtherWay,
  });
  const budgets = ["one", "two"].map((id) => budgetOf({ id, amountMicros: 100, period: "total" }));

  test("close the integration, and refuse the call when there is no other", () => {
    const { table } = tableOf(...budgets);
    table.restore({ budgetId: "one", periodStartMs: 0, spentMicros: 50, assumedMicros: 0 });
    expect(table.reserve(demand(false), 0).verdict).toEqual({ refusal: undefined, closed: ["one"] });
    expect(table.use("one", 0)?.reservedMicros).toBe(0);
    expect(table.use("two", 0)?.reservedMicros).toBe(60);
    const { verdict, hold } = table.reserve(demand(false), 0);
    expect(hold).toBeUndefined();
    // That of the second is only held.
    expect(verdict).toMatchObject({ closed: ["one", "two"], refusal: { isHeld: true } });
    expect(table.reserve(demand(true), 0).verdict).toEqual({ refusal: undefined, closed: ["one", "two"] });
  });
});

describe("a ledger that replicas share", () => {
  const shared = () => {
    const notices: string[] = [];
    const table = new BudgetTable({
      isShared: true,
      onNotice: ({ type, percent }) => notices.push(`${type} ${percent}`),
    });
    table.replace([budgetOf({ action: "warn" })], 0);
    const hold = table.reserve(wish(1), 0).hold;
    return { table, notices, hold };
  };
  const spend = (spentMicros: number) => ({
    budgetId: "b",
    periodStartMs: 0,
    spentMicros,
    assumedMicros: 0,
  });

  test("is read without losing an attempt or counting it twice, however reads and records come", () => {
    const step = fc.record({
      at: fc.nat(1),
      does: fc.constantFrom("settle" as const, "record" as const, "find" as const, "read" as const),
      micros: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const replicas = [shared(), shared()].map((each) => ({
          ...each,
          open: new Map<string, readonly BudgetCharge[]>(),
          readMicros: 0,
        }));
        let recorded = 0;
        let number = 0;
        for (const { at, does, micros } of steps) {
          const replica = replicas[at];
          if (replica === undefined) continue;
          const { table, hold, open } = replica;
          if (does === "settle") {
            const id = `${++number}.1`;
            hold?.settle(id, charge(micros));
            open.set(id, charge(micros));
          } else if (does === "read") {
            table.restate([spend(recorded)], 0);
            replica.readMicros = recorded;
          } else {
            const attempts = [...open].map(([attemptId, charges]) => ({ attemptId, charges }));
            const addedMicros = attempts
              .flatMap(({ charges }) => charges)
              .reduce((sum, each) => sum + each.micros, 0);
            recorded += addedMicros;
            open.clear();
            // "find": it was not known that the transaction had succeeded, until the same was tried again.
            if (does === "record" && attempts.length > 0) {
              table.noteRecorded(attempts, [{ ...spend(recorded), addedMicros }]);
              replica.readMicros = recorded;
            } else for (const { attemptId } of attempts) table.noteKept(attemptId);
            if (does === "find") {
              table.restate([spend(recorded)], 0);
              replica.readMicros = recorded;
            }
          }
          const unrecorded = [...open.values()].flat().reduce((sum, each) => sum + each.micros, 0);
          expect(table.use("b", 0)?.spentMicros).toBe(replica.readMicros + unrecorded);
        }
      }),
    );
  });

  test("has its thresholds told by the one whose rows reach them", () => {
    const { table, notices, hold } = shared();
    hold?.settle("1.1", charge(900));
    table.restate([spend(850)], 0);
    expect(notices).toEqual([]);
    table.noteRecorded([{ attemptId: "1.1", charges: charge(900) }], [{ ...spend(1_750), addedMicros: 900 }]);
    // Eighty percent were reached by others.
    expect(notices).toEqual(["threshold_reached 100", "exhausted 100"]);
    table.replace([budgetOf({ action: "warn", amountMicros: 1_500 })], 0, false);
    table.replace([budgetOf({ action: "warn", amountMicros: 1_400 })], 0);
    expect(notices).toHaveLength(2);
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChargedAttempt } from "../core/budget-table.ts";
import type { Budget, BudgetCharge } from "../core/budgets.ts";
import { sampleRecord } from "./sample-record.test-data.ts";
import { openStore, type Store } from "./store.ts";

let directory: string;
let store: Store;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "llm-platform-budgets-"));
  store = await openStore({ directory });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const budget: Budget = {
  id: "budget_a",
  name: "a",
  scope: "key",
  subject: "key_1",
  period: "month",
  amountMicros: 1_000_000_000_000_000,
  currency: "EUR",
  warnAtPercents: [50, 100],
  action: "block",
  createdAtMs: 1_700_000_000_000,
};

const charge = (micros: number, changes: Partial<BudgetCharge> = {}): BudgetCharge => ({
  budgetId: budget.id,
  periodStartMs: 0,
  micros,
  isAssumed: false,
  ...changes,
});

test("a budget is as it was made, can be changed and deleted, and its name is its own", async () => {
  await store.budgets.insert(budget);
  await store.budgets.insert({ ...budget, id: "budget_b", name: "b", scope: "global", subject: "" });
  expect(await store.budgets.list()).toMatchObject([budget, { name: "b" }]);
  await expect(store.budgets.insert({ ...budget, id: "budget_c" })).rejects.toMatchObject({
    code: "conflict",
    field: "name",
  });
  await expect(store.budgets.update("budget_b", { name: "a" })).rejects.toMatchObject({ code: "conflict" });
  expect(await store.budgets.update(budget.id, { amountMicros: 5, warnAtPercents: [] })).toEqual({
    ...budget,
    amountMicros: 5,
    warnAtPercents: [],
  });
  expect(await store.budgets.update(budget.id, {})).toMatchObject({ amountMicros: 5 });
  expect(await store.budgets.update("nobody", { action: "warn" })).toBeUndefined();
  await store.ledger.insertMany([
    sampleRecord(1, { charges: [charge(3), charge(4, { budgetId: "budget_b" })] }),
  ]);
  expect([await store.budgets.delete(budget.id), await store.budgets.delete(budget.id)]).toEqual([
    true,
    false,
  ]);
  expect(await store.budgets.spends([0])).toMatchObject([{ budgetId: "budget_b", spentMicros: 4 }]);
});

test("what is spent is the sum over the rows that came into the ledger, each once, however batches overlap", async () => {
  const recorded: ChargedAttempt[] = [];
  store.budgets.onRecorded((attempts) => recorded.push(...attempts));
  const periodOf = (number: number) => (number % 3) * 1_000;
  const record = (number: number) =>
    sampleRecord(number, {
      costMicros: number,
      // Some are of no budget, some have no cost of their own.
      charges:
        number % 5 === 0
          ? undefined
          : [charge(number, { periodStartMs: periodOf(number), isAssumed: number % 7 === 0 })],
    });
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(400), { minLength: 1, maxLength: 120, size: "max" }),
      async (numbers) => {
        await store.ledger.insertMany(numbers.map(record));
        for (const number of numbers) if (number % 5 !== 0) seen.add(number);
        const spends = await store.budgets.spends([0, 1_000, 2_000]);
        for (const periodStartMs of [0, 1_000, 2_000]) {
          const counted = [...seen].filter((number) => periodOf(number) === periodStartMs);
          const sumOf = (some: readonly number[]) => some.reduce((sum, each) => sum + each, 0);
          const spend = spends.find((each) => each.periodStartMs === periodStartMs);
          expect(spend?.spentMicros ?? 0).toBe(sumOf(counted));
          expect(spend?.assumedMicros ?? 0).toBe(sumOf(counted.filter((number) => number % 7 === 0)));
        }
        expect(recorded.length).toBe(seen.size);
      },
    ),
    { numRuns: 40 },
  );
});

test("a transaction that fails counts nothing", async () => {
  const odd = sampleRecord(2, { charges: [charge(5)], outcome: "stop", durationMs: Number.NaN });
  const insert = async () => store.ledger.insertMany([sampleRecord(1, { charges: [charge(5)] }), odd]);
  await expect(insert()).rejects.toMatchObject({ code: "unavailable" });
  expect(await store.budgets.spends([0])).toEqual([]);
});

import { expect, test } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

function takeAll(budget: RetryBudget, inFlight: number): number {
  let taken = 0;
  while (budget.take(inFlight)) taken++;
  return taken;
}

test.each([
  [0, 3],
  [19, 3],
  [20, 4],
  [104, 20],
  [105, 21],
])("of %d calls in flight %d may be on another attempt", (inFlight, retries) => {
  expect(takeAll(new RetryBudget(), inFlight)).toBe(retries);
});

test("what is given back may be taken again", () => {
  const budget = new RetryBudget();
  expect(takeAll(budget, 0)).toBe(3);
  budget.giveBack();
  budget.giveBack();
  expect(takeAll(budget, 0)).toBe(2);
});

import { describe, expect, test } from "vitest";
import { type Budget, parseBudget } from "./budget.ts";
import { findExcesses, findLaxerLimits } from "./check.ts";
import { parseResults } from "./results.ts";

const budget = parseBudget('{"cpu": {"at_most": 2.4}, "lead": {"at_least": 12}}');

function committed(text: string): readonly { readonly commit: string; readonly budget: Budget }[] {
  return [{ commit: "abc1234", budget: parseBudget(text) }];
}

function measured(ratios: Readonly<Record<string, number>>, problems: readonly string[] = []) {
  return { problems, ratios: new Map(Object.entries(ratios)) };
}

describe("findExcesses", () => {
  test("is content with ratios at their limits", () => {
    expect(findExcesses(budget, measured({ cpu: 2.4, lead: 12 }))).toEqual([]);
  });

  test("names each ratio that is beyond its limit, in either direction", () => {
    const excesses = findExcesses(budget, measured({ cpu: 2.41, lead: 11.9 }));
    expect(excesses).toEqual([
      "cpu is 2.41; the budget is at most 2.4",
      "lead is 11.90; the budget is at least 12",
    ]);
  });

  test("does not take a ratio that was not measured as kept", () => {
    expect(findExcesses(budget, measured({ cpu: 1 }))).toEqual([
      "lead was not measured; the budget is at least 12",
    ]);
  });

  test("is not content with a run from which a peer was missing that the budget names", () => {
    const text = JSON.stringify({
      missing: { portkey: "npm cannot be run" },
      problems: [],
      ratios: { cpu: { value: 2, rounds: [2] } },
      figures: [],
    });
    expect(findExcesses(budget, parseResults(text))).toEqual([
      "lead was not measured; the budget is at least 12",
    ]);
  });

  test("does not trust a run that had problems", () => {
    expect(findExcesses(budget, measured({ cpu: 1, lead: 20 }, ["3 requests failed"]))).toEqual([
      "the run had a problem: 3 requests failed",
    ]);
  });
});

describe("findLaxerLimits", () => {
  test("lets a budget stay as it is, shrink, and grow new limits", () => {
    expect(findLaxerLimits(budget, committed('{"cpu": {"at_most": 2.4}}'))).toEqual([]);
    expect(findLaxerLimits(budget, committed('{"cpu": {"at_most": 3}, "lead": {"at_least": 10}}'))).toEqual(
      [],
    );
  });

  test.each([
    ["a raised maximum", '{"cpu": {"at_most": 2.3}}', "cpu"],
    ["a lowered minimum", '{"lead": {"at_least": 13}}', "lead"],
    ["a limit that is gone", '{"memory": {"at_most": 1}}', "memory"],
    ["a limit that was turned round", '{"cpu": {"at_least": 1}}', "cpu"],
  ])("refuses %s", (_case, before, name) => {
    const laxer = findLaxerLimits(budget, committed(before));
    expect(laxer).toHaveLength(1);
    expect(laxer[0]).toContain(name);
    expect(laxer[0]).toContain("abc1234");
  });

  test("compares with every commit, not only with the last", () => {
    const history = [...committed('{"cpu": {"at_most": 2.4}}'), ...committed('{"cpu": {"at_most": 2}}')];
    expect(findLaxerLimits(budget, history)).toHaveLength(1);
  });
});

describe("parseBudget", () => {
  test.each(["[]", '{"cpu": 2.4}', '{"cpu": {"at_most": "2.4"}}', '{"cpu": {"at_most": 1, "at_least": 0}}'])(
    "refuses %s",
    (text) => {
      expect(() => parseBudget(text)).toThrow(/budget/);
    },
  );
});

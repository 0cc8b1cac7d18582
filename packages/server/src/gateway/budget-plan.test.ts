import type { ModelPlatform } from "@llm-platform/kit";
import { describe, expect, test } from "vitest";
import { defaultBreakerSettings } from "../core/breaker.ts";
import { createBudgetPrices } from "../core/budget-prices.ts";
import type { Budget } from "../core/budgets.ts";
import { createPriceTable } from "../core/prices.ts";
import { localAdmin, type Principal } from "../core/principal.ts";
import { scanRequest } from "../wire/request-scan.ts";
import { BudgetPlan } from "./budget-plan.ts";
import { GatewayCall } from "./gateway-call.ts";
import { createModelDirectory } from "./model-directory.ts";

/** Tells its provider; nothing is sent to it. */
const platform: ModelPlatform = {
  provider: "openai",
  dialectFor: () => "openai",
  list: async () => [],
  send: () => Promise.reject(new Error("nothing is sent here")),
};

/** Two integrations, each with a model of its own and one that both have. The second is dearer. */
function createPlan(budgets: readonly Budget[]): BudgetPlan {
  const model = (id: string) => ({ id, operations: ["chat" as const] });
  const models = (own: string) => [model("both"), model(own)];
  const directory = createModelDirectory({
    source: {
      platforms: () => [
        { name: "one", priority: 2, platform, absence: "", models: models("cheap") },
        { name: "two", priority: 1, platform, absence: "", models: models("dear") },
      ],
    },
    routing: () => ({ aliases: { nick: "two/dear" }, routes: [] }),
    breaker: defaultBreakerSettings,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  directory.rebuild();
  const price = { model: "*", inputPerMillion: 0, currency: "USD", source: "config" } as const;
  const prices = createPriceTable([
    { ...price, integration: "one", outputPerMillion: 1, version: "1" },
    { ...price, integration: "two", outputPerMillion: 10, version: "2" },
  ]);
  const plan = new BudgetPlan({
    directory,
    prices: createBudgetPrices({ prices, unknownPrice: undefined }),
    assumedOutputTokens: 50,
  });
  plan.replace(budgets);
  return plan;
}

function budgetOf(scope: Budget["scope"], subject: string): Budget {
  return {
    id: `${scope}:${subject}`,
    name: `${scope} ${subject}`,
    scope,
    subject,
    period: "day",
    amountMicros: 1,
    currency: "USD",
    warnAtPercents: [],
    action: "block",
    createdAtMs: 0,
  };
}

const caller: Principal = { ...localAdmin, id: "key_1", kind: "api_key", userId: "user_1", teamId: "team_1" };

function callOf(model: string, principal = caller, more: object = {}): GatewayCall {
  const body = Buffer.from(JSON.stringify({ model, messages: [], ...more }));
  const head = scanRequest(body);
  return new GatewayCall({
    id: "r",
    operation: "chat",
    dialect: "openai",
    principal,
    head,
    body,
    stream: false,
  });
}

describe("the plan of budgets", () => {
  test("asks the budgets of key, user, team and all calls, and no others", () => {
    const own = [
      budgetOf("key", "key_1"),
      budgetOf("user", "user_1"),
      budgetOf("team", "team_1"),
      budgetOf("global", ""),
    ];
    const others = [
      budgetOf("key", "user_1"),
      budgetOf("key", "key_2"),
      budgetOf("user", "user_2"),
      budgetOf("team", "team_2"),
      budgetOf("integration", "three"),
    ];
    const plan = createPlan([...others, ...own]);
    const demand = plan.demandOf(callOf("both"));
    expect(demand?.required.map(({ budgetId }) => budgetId)).toEqual(own.map(({ id }) => id));
    expect(demand).toMatchObject({ integrations: [], hasOtherWay: true });
    // A token counts for its user, and is no key.
    const token: Principal = { ...caller, id: "user_1", kind: "token", teamId: undefined };
    const ofToken = plan.demandOf(callOf("both", token));
    expect(ofToken?.required.map(({ budgetId }) => budgetId)).toEqual(["user:user_1", "global:"]);
  });

  test("reserves by the dearest of the targets, for as many tokens as the reply may have", () => {
    const plan = createPlan([budgetOf("global", "")]);
    const micros = (model: string, more?: object) =>
      plan.demandOf(callOf(model, caller, more))?.required[0]?.micros;
    expect(micros("cheap")).toBe(50);
    expect(micros("both")).toBe(500);
    expect(micros("nick", { max_tokens: 7, n: 3 })).toBe(210);
    expect(micros("nobody")).toBeUndefined();
  });

  test("asks each integration for itself, by what it costs there", () => {
    const plan = createPlan([budgetOf("integration", "one"), budgetOf("integration", "two")]);
    expect(plan.demandOf(callOf("both"))).toEqual({
      required: [],
      integrations: [
        { integration: "one", reservations: [{ budgetId: "integration:one", micros: 50 }] },
        { integration: "two", reservations: [{ budgetId: "integration:two", micros: 500 }] },
      ],
      hasOtherWay: false,
    });
    plan.replace([budgetOf("integration", "two")]);
    expect(plan.demandOf(callOf("both"))).toMatchObject({ hasOtherWay: true });
    expect(plan.demandOf(callOf("cheap"))).toMatchObject({ integrations: [], hasOtherWay: true });
  });

  test("changes with the next call, and notes in a call what it counts for", () => {
    const plan = createPlan([]);
    const call = callOf("both");
    expect([plan.demandOf(call), call.budgets]).toEqual([undefined, undefined]);
    plan.replace([budgetOf("global", "")]);
    expect(plan.demandOf(call)).toBeDefined();
    expect(call.budgets?.own).toMatchObject([{ scope: "global" }]);
    plan.replace([budgetOf("key", "other")]);
    expect(plan.demandOf(callOf("both"))).toBeUndefined();
  });
});

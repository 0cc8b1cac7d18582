import { metricNames } from "../names.ts";
import type { Dashboard } from "./dashboard.ts";
import { costOf, half, highest, rate, rise, small, third } from "./panels.ts";

const { cost, costUnknown, tokens, budgetSpent, budgetLimit, budgetRefused } = metricNames;
const byBudget = ["budget", "currency"];
const noBudget = "There is no budget";

/** What calls cost, and what of the budgets is left. */
export const costDashboard: Dashboard = {
  uid: "llm-platform-cost",
  title: "Cost Analysis",
  about:
    "What models cost, and what of the budgets is spent. The ledger has the exact sums, also of the past.",
  rows: [
    {
      title: "Cost",
      panels: [
        small({
          title: "Last hour",
          about: "By currency.",
          unit: "cost",
          queries: rise(cost, "1h", ["currency"]),
          legend: "{{currency}}",
        }),
        small({
          title: "Last day",
          about: "By currency.",
          unit: "cost",
          queries: rise(cost, "24h", ["currency"]),
          legend: "{{currency}}",
        }),
        small({
          title: "A thousand calls",
          about: "What a thousand calls of the last day cost on average.",
          unit: "cost",
          queries: `1000 * ${rise(cost, "24h", ["currency"])} / ignoring(currency) group_left() ${rise(metricNames.requests, "24h")}`,
          legend: "{{currency}}",
        }),
        small({
          title: "Attempts without a price",
          about: "Attempts of the last day whose cost is unknown.",
          unit: "short",
          queries: rise(costUnknown, "24h"),
          thresholds: { warning: 1, critical: 1_000 },
        }),
        half({
          title: "Cost by model",
          about: "Of the hour before, in the currency that is chosen above.",
          kind: "stack",
          unit: "cost",
          queries: costOf(cost, "1h", ["model"]),
          legend: "{{model}}",
          whenEmpty: "No call had a price",
        }),
        half({
          title: "Tokens by type",
          about:
            "What is paid for. Tokens from and for a cache are part of the input, reasoning is part of the output.",
          kind: "lines",
          unit: "tokens/s",
          queries: rate(tokens, ["type"]),
          legend: "{{type}}",
        }),
      ],
    },
    {
      title: "Budgets",
      panels: [
        third({
          title: "Budgets",
          about: "Part that is spent of each in its period.",
          kind: "bars",
          unit: "percentunit",
          isShare: true,
          queries: `${highest(budgetSpent, byBudget)} / ${highest(budgetLimit, byBudget)}`,
          legend: "{{budget}}",
          thresholds: { warning: 0.8, critical: 0.95 },
          whenEmpty: noBudget,
        }),
        third({
          title: "Spent and allowed",
          about: "In units of the currency.",
          kind: "lines",
          unit: "cost",
          queries: [
            { expression: highest(budgetSpent, byBudget), legend: "{{budget}} spent" },
            { expression: highest(budgetLimit, byBudget), legend: "{{budget}} allowed" },
          ],
          whenEmpty: noBudget,
        }),
        third({
          title: "Calls refused by a budget",
          about: "Because too little was left.",
          kind: "stack",
          unit: "reqps",
          queries: rate(budgetRefused, ["budget"]),
          legend: "{{budget}}",
          whenEmpty: "No call was refused",
        }),
      ],
    },
  ],
};

import type { IntegrationConfig } from "@llm-platform/kit";
import { z } from "zod";
import type { Budget } from "../core/budgets.ts";
import type { RoutingConfig } from "../core/routes.ts";

/** What names an integration: without it, none of this works as it did. */
export const usesFields = {
  dependents: z.array(z.string()).readonly().describe("Integrations that depend on it."),
  routes: z
    .array(z.string())
    .readonly()
    .describe("Routes and aliases that lead to models of it by its name."),
  budgets: z.array(z.string()).readonly().describe("Names of budgets of its calls."),
};

const uses = z.object(usesFields);
export type IntegrationUses = z.output<typeof uses>;

/** Finds what names an integration. */
export function findUses(
  name: string,
  {
    integrations,
    routing,
    budgets,
  }: {
    readonly integrations: readonly Pick<IntegrationConfig, "name" | "dependencies">[];
    readonly routing: RoutingConfig;
    readonly budgets: readonly Pick<Budget, "name" | "scope" | "subject">[];
  },
): IntegrationUses {
  const isOfIt = (model: string) => model.startsWith(`${name}/`);
  const aliases = Object.entries(routing.aliases).filter(([, model]) => isOfIt(model));
  const routes = routing.routes.filter(
    ({ targets, fallbacks }) => targets.some(({ model }) => isOfIt(model)) || fallbacks.some(isOfIt),
  );
  return {
    dependents: integrations
      .filter(({ dependencies }) => dependencies.includes(name))
      .map((each) => each.name),
    routes: [...new Set([...aliases.map(([alias]) => alias), ...routes.map(({ model }) => model)])],
    budgets: budgets
      .filter(({ scope, subject }) => scope === "integration" && subject === name)
      .map((budget) => budget.name),
  };
}

import type { Budget, BudgetDemand, BudgetReservation, CallBudgets } from "../core/budgets.ts";
import type { BudgetPrices } from "../core/budget-prices.ts";
import type { Principal } from "../core/principal.ts";
import type { GatewayCall } from "./gateway-call.ts";
import type { ModelDirectory } from "./model-directory.ts";
import type { Target } from "./targets.ts";
import { assumedTokens } from "./token-estimate.ts";

export interface BudgetPlanParts {
  readonly directory: ModelDirectory;
  readonly prices: BudgetPrices;
  /** What a reply is taken for that may be of any length. */
  readonly assumedOutputTokens: number;
}

/** Finds the budgets that apply to a call, and the most that it may cost. Those of a caller are put together once. */
export class BudgetPlan {
  readonly #parts: BudgetPlanParts;
  #budgets: readonly Budget[] = [];
  #byIntegration: ReadonlyMap<string, readonly Budget[]> = new Map();
  #byPrincipal = new WeakMap<Principal, CallBudgets>();

  constructor(parts: BudgetPlanParts) {
    this.#parts = parts;
  }

  /** These are the budgets from the next call on. */
  replace(budgets: readonly Budget[]): void {
    this.#budgets = budgets;
    const ofIntegrations = budgets.filter(({ scope }) => scope === "integration");
    this.#byIntegration = Map.groupBy(ofIntegrations, ({ subject }) => subject);
    this.#byPrincipal = new WeakMap();
  }

  /** Notes in a call which budgets it counts for. Returns undefined for a call without any. */
  demandOf(call: GatewayCall): BudgetDemand | undefined {
    if (this.#budgets.length === 0) return undefined;
    const budgets = this.#ofPrincipal(call.principal);
    if (budgets.own.length === 0 && budgets.byIntegration.size === 0) return undefined;
    const targets = this.#targetsOf(call);
    // There is no such model: the call is refused soon.
    if (targets.length === 0) return undefined;
    call.budgets = budgets;
    const reservations = (some: readonly Budget[], among: readonly Target[]) =>
      some.map((budget) => this.#reserve(budget, call, among));
    const integrations = new Set(targets.map(({ integration }) => integration));
    return {
      required: reservations(budgets.own, targets),
      integrations: [...integrations].flatMap((integration) => {
        const ofIt = budgets.byIntegration.get(integration);
        if (ofIt === undefined) return [];
        const its = targets.filter((target) => target.integration === integration);
        return [{ integration, reservations: reservations(ofIt, its) }];
      }),
      hasOtherWay: [...integrations].some((integration) => !budgets.byIntegration.has(integration)),
    };
  }

  #ofPrincipal(principal: Principal): CallBudgets {
    const known = this.#byPrincipal.get(principal);
    if (known !== undefined) return known;
    const subjects = {
      key: principal.kind === "api_key" ? principal.id : undefined,
      user: principal.userId,
      team: principal.teamId,
      // Which of them it is comes out with the target.
      integration: undefined,
      global: "",
    };
    const own = this.#budgets.filter(({ scope, subject }) => subjects[scope] === subject);
    const found = { own, byIntegration: this.#byIntegration };
    this.#byPrincipal.set(principal, found);
    return found;
  }

  #targetsOf(call: GatewayCall): readonly Target[] {
    const { snapshot } = this.#parts.directory;
    const route = snapshot.routes.get(call.askedName);
    if (route === undefined) return [];
    const ids = route.only ?? [...route.targets.map(({ id }) => id), ...route.fallbacks];
    return ids.flatMap((id) => snapshot.targets.get(id) ?? []);
  }

  /** By the dearest of the targets. */
  #reserve({ id, currency }: Budget, call: GatewayCall, targets: readonly Target[]): BudgetReservation {
    const { prices, assumedOutputTokens } = this.#parts;
    const tokens = assumedTokens(call, assumedOutputTokens);
    const atMs = Date.now();
    const costs = targets.map(({ integration, provider, model }) =>
      prices.estimate({ integration, provider, model, atMs }, currency, tokens),
    );
    return { budgetId: id, micros: Math.max(...costs) };
  }
}

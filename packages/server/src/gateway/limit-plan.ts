import { type CallerLimitDefaults, limitsOfCaller } from "../core/caller-limits.ts";
import { isUnlimited, type Limit, type LimitDemand, type LimitValues, toLimit } from "../core/limits.ts";
import type { Principal } from "../core/principal.ts";
import type { BudgetDemand } from "../core/budgets.ts";
import type { GatewayCall } from "./gateway-call.ts";
import { assumedTokens } from "./token-estimate.ts";

/** The limits of the configuration, as plain data. */
export interface LimitSettings extends CallerLimitDefaults {
  /** For each address that calls come from. */
  readonly address: LimitValues;
  /** Of all calls together. Calls at once are `maxInFlight` of the gateway. */
  readonly global: LimitValues;
  readonly models: Readonly<Record<string, LimitValues>>;
  /** What a reply is taken for that may be of any length, until it has ended. */
  readonly assumedOutputTokens: number;
}

export interface LimitPlanParts {
  readonly settings: LimitSettings;
  /** Limits of the model that a call asks for. Asked only where a model has any. */
  modelLimits(call: GatewayCall): readonly Limit[];
  /** What a call asks of its budgets; undefined for one without any. */
  budgetDemand(call: GatewayCall): BudgetDemand | undefined;
}

const none: readonly Limit[] = [];

/** Finds the limits that apply to a call. Those of a caller are put together once. */
export class LimitPlan {
  readonly #settings: LimitSettings;
  readonly #parts: LimitPlanParts;
  readonly #hasModels: boolean;
  readonly #hasAddresses: boolean;
  readonly #global: Limit | undefined;
  readonly #byPrincipal = new WeakMap<Principal, readonly Limit[]>();

  constructor(parts: LimitPlanParts) {
    const { settings } = parts;
    this.#parts = parts;
    this.#settings = settings;
    this.#hasModels = Object.keys(settings.models).length > 0;
    this.#hasAddresses = !isUnlimited(settings.address);
    this.#global = toLimit("global", "", { defaults: settings.global });
  }

  /** Undefined for a call without a limit and without a budget. */
  demandOf(call: GatewayCall): LimitDemand | undefined {
    const own = this.#ofPrincipal(call.principal);
    const others = this.#hasModels || this.#hasAddresses ? this.#ofCall(call) : none;
    const budgets = this.#parts.budgetDemand(call);
    if (own.length === 0 && others.length === 0 && budgets === undefined) return undefined;
    const limits = others.length === 0 ? own : [...own, ...others];
    return { limits, tokens: this.#tokensOf(call), budgets };
  }

  #ofCall(call: GatewayCall): readonly Limit[] {
    const { address } = call;
    const models = this.#hasModels ? this.#parts.modelLimits(call) : none;
    if (!this.#hasAddresses || address === undefined) return models;
    return [{ ...this.#settings.address, scope: "address", id: address }, ...models];
  }

  /** Those of every call are among them. */
  #ofPrincipal(principal: Principal): readonly Limit[] {
    const known = this.#byPrincipal.get(principal);
    if (known !== undefined) return known;
    const own = limitsOfCaller(principal, this.#settings);
    const found = this.#global === undefined ? own : [...own, this.#global];
    const plan = found.length === 0 ? none : found;
    this.#byPrincipal.set(principal, plan);
    return plan;
  }

  #tokensOf(call: GatewayCall): number {
    const { inputTokens, outputTokens } = assumedTokens(call, this.#settings.assumedOutputTokens);
    return inputTokens + outputTokens;
  }
}

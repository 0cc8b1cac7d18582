import type { BudgetCharge, BudgetDemand, BudgetVerdict } from "./budgets.ts";
import type { Quota } from "./sliding-window.ts";

/** Whom or what a limit is counted for, from the narrowest on. A further one is one more line here. */
export const limitScopes = ["key", "user", "team", "address", "model", "global"] as const;
export type LimitScope = (typeof limitScopes)[number];

/** What can be limited. */
export type LimitKind = "requests" | "tokens" | "concurrent";

/** The limits of one scope; undefined for none. */
export interface LimitValues {
  readonly requestsPerMinute: number | undefined;
  readonly tokensPerMinute: number | undefined;
  /** Calls at once. */
  readonly maxConcurrent: number | undefined;
}

export const noLimits: LimitValues = {
  requestsPerMinute: undefined,
  tokensPerMinute: undefined,
  maxConcurrent: undefined,
};

/** Limits that apply to a call. */
export interface Limit extends LimitValues {
  readonly scope: LimitScope;
  /** Who within the scope: the id of a key, user or team, an address, the name of a model; empty for `global`. */
  readonly id: string;
}

/** What a call asks of its limits. */
export interface LimitDemand {
  readonly limits: readonly Limit[];
  /** An estimate, until the call has ended. */
  readonly tokens: number;
  /** What it asks of its budgets; absent where it has none. */
  readonly budgets?: BudgetDemand | undefined;
}

/** The limit that kept a call out. */
export interface LimitRefusal {
  readonly scope: LimitScope;
  readonly id: string;
  readonly kind: LimitKind;
  readonly limit: number;
  /** Until the call could be let in, as far as this limit goes. */
  readonly retryAfterMs: number;
}

/** What the limits said of one call. */
export interface LimitVerdict {
  /** Undefined for a call that was let in. Of several, the one that is in the way the longest. */
  readonly refusal: LimitRefusal | undefined;
  /** Of those that apply, the one of which the least is left; undefined where none applies. */
  readonly requests: Quota | undefined;
  readonly tokens: Quota | undefined;
  /** What its budgets said; absent where they were not asked. */
  readonly budget?: BudgetVerdict | undefined;
}

/** What a call that was let in holds of its limits. */
export interface LimitHold {
  /**
   * Ends the hold. Later calls change nothing.
   * @param usedTokens what the call really used; undefined where that is not known and the estimate stands
   */
  settle(usedTokens: number | undefined, nowMs: number): void;
  /** Counts what an attempt cost. Absent where the call has no budget. */
  spend?(attemptId: string, charges: readonly BudgetCharge[]): void;
}

/** What became of a demand. A call that was let in has a hold. */
export interface LimitDecision {
  readonly verdict: LimitVerdict;
  readonly hold: LimitHold | undefined;
}

/** Counts what calls use of every limit. */
export interface LimitCounter {
  /** Lets a call in when every one of its limits does; else nothing is taken of any. A promise never rejects. */
  take(demand: LimitDemand, nowMs: number): LimitDecision | Promise<LimitDecision>;
}

/** A limit of a scope, where there is any: own values first, then those of `defaults`. */
export function toLimit(
  scope: LimitScope,
  id: string,
  { own = noLimits, defaults }: { readonly own?: LimitValues | undefined; readonly defaults: LimitValues },
): Limit | undefined {
  const limit = {
    scope,
    id,
    requestsPerMinute: own.requestsPerMinute ?? defaults.requestsPerMinute,
    tokensPerMinute: own.tokensPerMinute ?? defaults.tokensPerMinute,
    maxConcurrent: own.maxConcurrent ?? defaults.maxConcurrent,
  };
  return isUnlimited(limit) ? undefined : limit;
}

export function isUnlimited({ requestsPerMinute, tokensPerMinute, maxConcurrent }: LimitValues): boolean {
  return requestsPerMinute === undefined && tokensPerMinute === undefined && maxConcurrent === undefined;
}

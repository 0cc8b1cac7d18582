import { type Cancellation, PlatformError } from "@llm-platform/kit";
import type { BudgetRefusal } from "../core/budgets.ts";
import type {
  LimitCounter,
  LimitDecision,
  LimitDemand,
  LimitHold,
  LimitRefusal,
  LimitVerdict,
} from "../core/limits.ts";
import type { Principal } from "../core/principal.ts";

/** What limits look at in a call, and note in it. */
export interface LimitedCall {
  readonly principal: Principal;
  readonly cancellation: Cancellation;
  readonly estimatedInputTokens: number;
  /** What the call has used by its end. */
  readonly usedTokens: number;
  /** The caller's limits as this call found them; left alone where it has none. */
  limit: LimitVerdict | undefined;
  /** Milliseconds that it waited in a queue. */
  queuedMs: number;
  /** What the call holds of them. */
  hold: LimitHold | undefined;
}

/** How many calls may be in flight, and what each scope may use. */
export interface CallLimits {
  /**
   * Takes a place for a call: undefined when it has one, a promise when that has to be asked for.
   * Throws, or rejects with, PlatformError `overloaded`, `rate_limited` or `budget_exceeded`; then nothing was taken.
   * @param demand what the call wants of its limits; undefined for a call that has none
   */
  enter(call: LimitedCall, demand: LimitDemand | undefined): Promise<void> | undefined;
  /** A call has ended: its place is given back, and what it used takes the place of what was estimated. */
  leave(call: LimitedCall): void;
  /**
   * Calls `listener` when room was made elsewhere; one listener is all there is. Absent where all room is made by `leave`.
   */
  onRoom?(listener: () => void): void;
}

/** The limits as a process has them that serves all calls of its host. */
export function createLocalLimits(maxInFlight: number, counter: LimitCounter): CallLimits {
  let inFlight = 0;
  const giveUp = (error: unknown): never => {
    inFlight--;
    throw error;
  };
  return {
    enter(call, demand) {
      if (inFlight >= maxInFlight) throw overloaded(call, maxInFlight);
      inFlight++;
      if (demand === undefined) return undefined;
      try {
        return takeOf(counter, call, { demand, nowMs: performance.now() })?.catch(giveUp);
      } catch (error) {
        return giveUp(error);
      }
    },
    leave(call) {
      inFlight--;
      call.hold?.settle(call.usedTokens, performance.now());
    },
  };
}

/**
 * Takes what a call wants of its limits: undefined when that is known at once, a promise when it has to be asked for.
 * Throws, or rejects with, what `applyVerdict` throws, and then nothing was taken.
 */
export function takeOf(
  counter: LimitCounter,
  call: LimitedCall,
  { demand, nowMs }: { readonly demand: LimitDemand; readonly nowMs: number },
): Promise<void> | undefined {
  const decision = counter.take(demand, nowMs);
  if (decision instanceof Promise) return decision.then((each) => applyDecision(call, each));
  applyDecision(call, decision);
  return undefined;
}

function applyDecision(call: LimitedCall, { verdict, hold }: LimitDecision): void {
  call.hold = hold;
  applyVerdict(call, verdict);
}

/**
 * Notes in a call what its limits said. Throws PlatformError `rate_limited` for a call that is to be refused,
 * `overloaded` where not this caller is too busy but a model is, and `budget_exceeded` where money is wanting.
 */
export function applyVerdict(call: LimitedCall, verdict: LimitVerdict): void {
  call.limit = verdict;
  const { refusal, budget } = verdict;
  if (budget?.refusal !== undefined) throw budgetExceeded(budget.refusal);
  if (refusal === undefined) return;
  const isBusyModel = refusal.kind === "concurrent" && refusal.scope === "model";
  throw new PlatformError(isBusyModel ? "overloaded" : "rate_limited", textOf(refusal, call.principal), {
    retryAfterMs: refusal.retryAfterMs,
  });
}

/** The refusal of one call more than may be in flight in all. Noted in the call, too. */
export function overloaded(call: LimitedCall, maxInFlight: number): PlatformError {
  const retryAfterMs = 1_000;
  const refusal = { scope: "global", id: "", kind: "concurrent", limit: maxInFlight, retryAfterMs } as const;
  call.limit = { refusal, requests: undefined, tokens: undefined };
  return new PlatformError("overloaded", `The server is at its limit of ${maxInFlight} calls at once.`, {
    retryAfterMs,
  });
}

function textOf({ scope, id, kind, limit, retryAfterMs }: LimitRefusal, { name }: Principal): string {
  const subjects = {
    key: `The key ${name}`,
    user: `The owner of the key ${name}`,
    team: `The team of ${name}`,
    address: "Callers from this address together",
    model: `Callers of the model ${id} together`,
    global: "All callers together",
  };
  const subject = subjects[scope];
  const wait = `Try again in ${Math.ceil(retryAfterMs / 1_000)} s.`;
  switch (kind) {
    case "requests":
      return `${subject} may make ${limit} calls a minute; they are used up. ${wait}`;
    case "tokens":
      return `${subject} may use ${limit} tokens a minute; too few of them are left for this call. ${wait}`;
    case "concurrent":
      return `${subject} may have ${limit} calls in flight at once; they are. ${wait}`;
  }
}

function budgetExceeded(refusal: BudgetRefusal): PlatformError {
  const { budget, currency, remainingMicros, neededMicros, isHeld, retryAfterMs } = refusal;
  const left = `The budget ${budget} has ${formatMoney(remainingMicros, currency)} left, and this call may cost ${formatMoney(neededMicros, currency)}.`;
  const remedy = isHeld
    ? "Calls in flight hold the rest: try again when they have ended."
    : "Ask for less with `max_tokens`, wait for the next period, or have the budget raised.";
  return new PlatformError(
    "budget_exceeded",
    `${left} ${remedy}`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

function formatMoney(micros: number, currency: string): string {
  return `${(micros / 1_000_000).toFixed(6).replace(/0{1,4}$/, "")} ${currency}`;
}

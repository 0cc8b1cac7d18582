import { LimitState, longest } from "./limit-state.ts";
import {
  type Limit,
  type LimitDemand,
  type LimitHold,
  type LimitRefusal,
  type LimitScope,
  limitScopes,
  type LimitVerdict,
} from "./limits.ts";
import type { Quota } from "./token-bucket.ts";

/** What became of a demand. A call that was let in has a hold. */
export interface LimitDecision {
  readonly verdict: LimitVerdict;
  readonly hold: LimitHold | undefined;
}

/** States that are kept of one scope; beyond it the longest unused one without a call in flight is forgotten. */
const mostStatesPerScope = 100_000;
/** So many of the longest unused are looked at with each new one: more than come, so that a flood ebbs away again. */
const looksPerInsert = 2;
/** Where all of those that could go have calls in flight, the table grows: calls in flight are bounded themselves. */
const mostLooks = 16;

/** Counts what calls use of every limit, in bounded memory. */
export class LimitTable {
  /** By scope and id, the longest unused first. */
  readonly #states: ReadonlyMap<LimitScope, Map<string, LimitState>>;
  readonly #mostStates: number;

  /** @param mostStates kept of one scope */
  constructor(mostStates = mostStatesPerScope) {
    this.#mostStates = mostStates;
    this.#states = new Map(limitScopes.map((scope) => [scope, new Map<string, LimitState>()]));
  }

  /** States that are kept now. */
  get size(): number {
    return [...this.#states.values()].reduce((sum, states) => sum + states.size, 0);
  }

  /** Lets a call in when every one of its limits does; else nothing is taken of any. */
  take({ limits, tokens }: LimitDemand, nowMs: number): LimitDecision {
    const grown = new Set<Map<string, LimitState>>();
    const states = limits.map((limit) => this.#stateOf(limit, { grown, nowMs }));
    let refusal: LimitRefusal | undefined;
    for (const state of states) refusal = longest(refusal, state.judge(tokens, nowMs));
    const hold = refusal === undefined ? new Hold(states, tokens, nowMs) : undefined;
    // Only now: before it holds something, a state of this very call would count as one to forget.
    for (const each of grown) this.#makeRoom(each, nowMs);
    return { verdict: toVerdict(states, refusal, nowMs), hold };
  }

  #stateOf(
    limit: Limit,
    { grown, nowMs }: { readonly grown: Set<Map<string, LimitState>>; readonly nowMs: number },
  ): LimitState {
    const states = this.#states.get(limit.scope) ?? new Map<string, LimitState>();
    const known = states.get(limit.id);
    if (known !== undefined) {
      known.adapt(limit, nowMs);
      states.delete(limit.id);
      states.set(limit.id, known);
      return known;
    }
    const made = new LimitState(limit, nowMs);
    states.set(limit.id, made);
    grown.add(states);
    return made;
  }

  #makeRoom(states: Map<string, LimitState>, nowMs: number): void {
    let looks = 0;
    for (const [id, state] of states) {
      const isTooMany = states.size > this.#mostStates;
      if (looks >= (isTooMany ? mostLooks : looksPerInsert)) return;
      looks++;
      states.delete(id);
      if (state.isFresh(nowMs) || (isTooMany && state.active === 0)) continue;
      // It is looked at again when all others were.
      states.set(id, state);
    }
  }
}

/** What one call took of its limits. */
class Hold implements LimitHold {
  readonly #taken: readonly { readonly state: LimitState; readonly tokens: number }[];
  #isOver = false;

  constructor(states: readonly LimitState[], tokens: number, nowMs: number) {
    this.#taken = states.map((state) => ({ state, tokens: state.take(tokens, nowMs) }));
  }

  settle(usedTokens: number | undefined, nowMs: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { state, tokens } of this.#taken) state.leave(tokens - (usedTokens ?? tokens), nowMs);
  }
}

function toVerdict(
  states: readonly LimitState[],
  refusal: LimitRefusal | undefined,
  nowMs: number,
): LimitVerdict {
  let requests: Quota | undefined;
  let tokens: Quota | undefined;
  for (const state of states) {
    requests = tighter(requests, state.requests(nowMs));
    tokens = tighter(tokens, state.tokens(nowMs));
  }
  return { refusal, requests, tokens };
}

function tighter(one: Quota | undefined, other: Quota | undefined): Quota | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.remaining < one.remaining ? other : one;
}

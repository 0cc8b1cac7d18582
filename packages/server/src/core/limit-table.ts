import { LimitState, longest } from "./limit-state.ts";
import {
  type Limit,
  type LimitCounter,
  type LimitDecision,
  type LimitDemand,
  type LimitHold,
  type LimitRefusal,
  type LimitScope,
  limitScopes,
  type LimitVerdict,
} from "./limits.ts";
import type { Quota } from "./sliding-window.ts";

/** States that are kept of one scope; beyond it the longest unused one without a call in flight is forgotten. */
const mostStatesPerScope = 100_000;
/** So many of the longest unused are looked at with each new one: more than come, so that a flood ebbs away again. */
const looksPerInsert = 2;
/** Where all of those that could go have calls in flight, the table grows: calls in flight are bounded themselves. */
const mostLooks = 16;

/** Counts what calls use of every limit in this process, in bounded memory. */
export class LimitTable implements LimitCounter {
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
    const states = limits.map((limit) => this.#stateOf(limit, grown));
    let refusal: LimitRefusal | undefined;
    for (const state of states) refusal = longest(refusal, state.judge(tokens, nowMs));
    const hold = refusal === undefined ? new Hold(states, tokens, nowMs) : undefined;
    // Only now: before it holds something, a state of this very call would count as one to forget.
    for (const each of grown) this.#makeRoom(each, nowMs);
    return { verdict: toVerdict(states, refusal, nowMs), hold };
  }

  /** Takes what a call wants that somebody else has let in. */
  charge({ limits, tokens }: LimitDemand, nowMs: number): LimitHold {
    const grown = new Set<Map<string, LimitState>>();
    const states = limits.map((limit) => this.#stateOf(limit, grown));
    const hold = new Hold(states, tokens, nowMs);
    for (const each of grown) this.#makeRoom(each, nowMs);
    return hold;
  }

  /** What counts of a limit now; 0 for one that is not known. */
  used({ scope, id }: Pick<Limit, "scope" | "id">, kind: "requests" | "tokens", nowMs: number): number {
    return this.#states.get(scope)?.get(id)?.used(kind, nowMs) ?? 0;
  }

  #stateOf(limit: Limit, grown: Set<Map<string, LimitState>>): LimitState {
    const states = this.#states.get(limit.scope) ?? new Map<string, LimitState>();
    const known = states.get(limit.id);
    if (known !== undefined) {
      known.adapt(limit);
      states.delete(limit.id);
      states.set(limit.id, known);
      return known;
    }
    const made = new LimitState(limit);
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
  readonly #takenAtMs: number;
  #isOver = false;

  constructor(states: readonly LimitState[], tokens: number, nowMs: number) {
    this.#takenAtMs = nowMs;
    this.#taken = states.map((state) => ({ state, tokens: state.take(tokens, nowMs) }));
  }

  settle(usedTokens: number | undefined, nowMs: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { state, tokens } of this.#taken)
      state.leave(tokens - (usedTokens ?? tokens), this.#takenAtMs, nowMs);
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

/** The one of which less is left. */
export function tighter(one: Quota | undefined, other: Quota | undefined): Quota | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.remaining < one.remaining ? other : one;
}

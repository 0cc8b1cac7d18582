import {
  type AnswerFacts,
  emptyForMs,
  idleMs,
  type Lease,
  type LeaseAnswer,
  mostAhead,
  type SlotAsk,
} from "./lease.ts";
import type { LimitScope } from "./limits.ts";

/** When a call ends is not known in advance. */
export const slotRetryMs = 1_000;
/** What is held is told again after this long, so that it is not taken for forgotten. */
const tellEveryMs = 60_000;

/** What a replica has of what is had for a time. */
export class SlotLease implements Lease {
  readonly #scope: LimitScope;
  readonly #id: string;
  #limit: number;
  #inUse = 0;
  #unused = 0;
  /** What the shared count knows to be held here; undefined when that is not known. */
  #told: number | undefined = 0;
  #toldAtMs = 0;
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #remaining: number;
  #replicas = 1;
  #emptyUntilMs = 0;
  #need = 0;
  #asked: SlotAsk | undefined;

  constructor({
    scope,
    id,
    limit,
  }: {
    readonly scope: LimitScope;
    readonly id: string;
    readonly limit: number;
  }) {
    this.#scope = scope;
    this.#id = id;
    this.#limit = limit;
    this.#remaining = limit;
  }

  /** 0 when a slot is here, the time to wait when it is known that none is to be had, else undefined. */
  waitMs(nowMs: number): number | undefined {
    if (this.#unused > 0) return 0;
    return nowMs < this.#emptyUntilMs ? slotRetryMs : undefined;
  }

  wish(): void {
    this.#need++;
  }

  /** Takes a slot, whether one is here or not. */
  take(nowMs: number): void {
    if (this.#unused > 0) this.#unused--;
    this.#inUse++;
    this.#usedAtMs = nowMs;
  }

  leave(): void {
    // It took none where the limit is younger than the call.
    if (this.#inUse === 0) return;
    this.#inUse--;
    this.#unused++;
  }

  /** Whether more lies here unused than should. */
  get isFull(): boolean {
    return this.#unused > 2 * this.#aim;
  }

  toAsk(nowMs: number, isAheadWanted: boolean): SlotAsk | undefined {
    const wished = this.#need;
    const need = Math.max(0, wished - this.#unused);
    this.#need = 0;
    const aim = isAheadWanted ? this.#aim : 0;
    const isIdle = nowMs - this.#usedAtMs > idleMs;
    this.#unused = Math.min(this.#unused, Math.max(wished, isIdle ? 0 : 2 * aim));
    const held = this.#inUse + this.#unused;
    const isKnown = held === this.#told && (held === 0 || nowMs - this.#toldAtMs < tellEveryMs);
    if (need === 0 && isKnown) return undefined;
    const want = need > 0 ? aim : 0;
    const limit = this.#limit;
    this.#asked = { scope: this.#scope, id: this.#id, kind: "concurrent", limit, held, need, want };
    return this.#asked;
  }

  onAnswer({ granted, remaining }: LeaseAnswer, { nowMs, replicas }: AnswerFacts): void {
    const isShort = granted < (this.#asked?.need ?? 0);
    this.#told = (this.#asked?.held ?? 0) + granted;
    this.#toldAtMs = nowMs;
    this.#asked = undefined;
    this.#unused += granted;
    this.#remaining = remaining;
    this.#replicas = replicas;
    this.#emptyUntilMs = isShort ? nowMs + emptyForMs : 0;
  }

  onFailure(): void {
    this.#told = undefined;
    this.#asked = undefined;
  }

  /** What is held is told whole each time: the next ask puts right what this one changed. */
  onLateAnswer(): void {
    this.#told = undefined;
  }

  /** The shared count has forgotten what is held here. */
  startOver(): void {
    this.#told = undefined;
    this.#emptyUntilMs = 0;
  }

  resize(limit: number): void {
    if (limit === this.#limit) return;
    this.#remaining = Math.max(0, this.#remaining + limit - this.#limit);
    this.#limit = limit;
    this.#emptyUntilMs = 0;
  }

  /** Whether there is nothing to ask for, and will not be until a call comes. */
  get isAtRest(): boolean {
    return this.#inUse === 0 && this.#unused === 0 && this.#told === 0;
  }

  /** So many that calls which come and go find one. */
  get #aim(): number {
    return Math.min(Math.ceil(Math.sqrt(this.#inUse)), mostAhead(this.#remaining, this.#replicas));
  }
}

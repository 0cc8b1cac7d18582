import {
  type AnswerFacts,
  emptyForMs,
  idleMs,
  type Lease,
  type LeaseAnswer,
  type LeaseAsk,
  mostAhead,
  type WindowAsk,
} from "./lease.ts";
import type { LimitScope } from "./limits.ts";
import type { Quota } from "./sliding-window.ts";

export interface WindowLeaseParts {
  readonly scope: LimitScope;
  readonly id: string;
  readonly kind: WindowAsk["kind"];
  readonly limit: number;
  /** What this replica itself used within the last minute. */
  used(nowMs: number): number;
}

/** Use is averaged over this time, and so much of it is leased ahead. */
const aheadMs = 250;
/** Amounts that were leased within this time of each other are given back together. */
const togetherMs = 1_000;
/** Pairs of one ask; the rest goes with the next. */
const mostReturned = 256;

/** What a replica has of what there is in a minute. */
export class WindowLease implements Lease {
  readonly #parts: WindowLeaseParts;
  #limit: number;
  /** Leased and not used; below 0 for what was used without having been leased. */
  #stock = 0;
  #leasedAtMs = 0;
  /** What was used lately, as of `#usedAtMs`. */
  #recent = 0;
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #remaining: number;
  #replicas = 1;
  #resetAtMs = 0;
  #emptyUntilMs = 0;
  #freeAtMs = 0;
  /** What is to be given back that was leased for calls: pairs of when and how much. */
  #unused: number[] = [];
  #need = 0;
  #unit = 0;
  #asked: WindowAsk | undefined;

  constructor(parts: WindowLeaseParts) {
    this.#parts = parts;
    this.#limit = parts.limit;
    this.#remaining = parts.limit;
  }

  fit(amount: number): number {
    return Math.min(amount, this.#limit);
  }

  /** 0 when so much is here, the time to wait when it is known that it is not to be had, else undefined. */
  waitMs(amount: number, nowMs: number): number | undefined {
    if (this.#stock >= amount) return 0;
    return nowMs < this.#emptyUntilMs ? Math.max(1, Math.ceil(this.#freeAtMs - nowMs)) : undefined;
  }

  /** Notes that a call waits for so much. */
  wish(amount: number): void {
    if (this.#need === 0) this.#unit = amount;
    this.#need += amount;
  }

  /** Takes so much, whether it is here or not. */
  take(amount: number, nowMs: number): void {
    this.#recent = this.#recentlyUsed(nowMs) + amount;
    this.#usedAtMs = nowMs;
    this.#stock -= amount;
  }

  /** A call has ended. @param unused of what was taken for it; less than 0 when it used more */
  leave(unused: number, takenAtMs: number): void {
    const ofOwed = Math.min(unused, Math.max(0, -this.#stock));
    this.#stock += ofOwed;
    const left = unused - ofOwed;
    if (left <= 0) return;
    const last = this.#unused.length - 2;
    if (last >= 0 && Math.abs(takenAtMs - (this.#unused[last] ?? 0)) < togetherMs)
      this.#unused[last + 1] = (this.#unused[last + 1] ?? 0) + left;
    else this.#unused.push(takenAtMs, left);
  }

  /** Whether it should ask before calls have to wait. */
  isLow(nowMs: number): boolean {
    return this.#stock * 2 < this.#recent && this.#stock * 2 < this.#aim(nowMs);
  }

  toAsk(nowMs: number, isAheadWanted: boolean): WindowAsk | undefined {
    const wished = this.#need;
    const need = Math.max(0, wished - Math.max(0, this.#stock));
    const unit = this.#unit;
    this.#need = 0;
    const owed = this.#stock < 0 ? Math.min(-this.#stock, this.#parts.used(nowMs)) : 0;
    this.#stock = Math.max(0, this.#stock);
    const returned = this.#giveBack(nowMs, wished);
    const aim = isAheadWanted ? this.#aim(nowMs) : 0;
    const want = need > 0 || this.#stock * 2 < aim ? Math.max(0, aim - this.#stock) : 0;
    if (need === 0 && want === 0 && owed === 0 && returned.length === 0) return undefined;
    const { scope, id, kind } = this.#parts;
    this.#asked = { scope, id, kind, limit: this.#limit, need, want, unit, owed, returned };
    return this.#asked;
  }

  onAnswer({ granted, remaining, waitMs, resetMs }: LeaseAnswer, { nowMs, replicas }: AnswerFacts): void {
    const isShort = granted < (this.#asked?.need ?? 0);
    this.#asked = undefined;
    this.#stock += granted;
    if (granted > 0) this.#leasedAtMs = nowMs;
    this.#remaining = remaining;
    this.#replicas = replicas;
    this.#resetAtMs = nowMs + resetMs;
    this.#freeAtMs = nowMs + waitMs;
    this.#emptyUntilMs = isShort ? nowMs + Math.min(waitMs, emptyForMs) : 0;
  }

  /** What was given back may have arrived, so it is not given back twice; what is owed is told again. */
  onFailure(): void {
    this.#stock -= this.#asked?.owed ?? 0;
    this.#asked = undefined;
  }

  /** What is owed was told again since then, or will be: so it is had once, as well as what was granted. */
  onLateAnswer(ask: LeaseAsk, { granted }: LeaseAnswer, nowMs: number): void {
    this.#stock += granted + ("owed" in ask ? ask.owed : 0);
    this.#leasedAtMs = nowMs;
  }

  /** The shared count has forgotten everything: it is told what was used here, and lends anew. */
  startOver(nowMs: number): void {
    this.#stock = -this.#parts.used(nowMs);
    this.#unused = [];
    this.#emptyUntilMs = 0;
  }

  resize(limit: number): void {
    if (limit === this.#limit) return;
    this.#remaining = Math.max(0, this.#remaining + limit - this.#limit);
    this.#limit = limit;
    this.#emptyUntilMs = 0;
  }

  quota(nowMs: number): Quota {
    const left = Math.floor(this.#stock + this.#remaining);
    return {
      limit: this.#limit,
      remaining: Math.min(this.#limit, Math.max(0, left)),
      resetMs: Math.max(0, Math.ceil(this.#resetAtMs - nowMs)),
    };
  }

  /** Whether there is nothing to ask for, and will not be until a call comes. */
  isAtRest(nowMs: number): boolean {
    return this.#stock === 0 && this.#unused.length === 0 && nowMs - this.#usedAtMs > togetherMs;
  }

  #isIdle(nowMs: number): boolean {
    return nowMs - this.#usedAtMs > idleMs;
  }

  #recentlyUsed(nowMs: number): number {
    return this.#recent * Math.exp((this.#usedAtMs - nowMs) / aheadMs);
  }

  /** How much it would be good to have. */
  #aim(nowMs: number): number {
    if (this.#isIdle(nowMs)) return 0;
    const recent = Math.floor(this.#recentlyUsed(nowMs));
    return Math.min(recent, mostAhead(this.#remaining, this.#replicas));
  }

  #giveBack(nowMs: number, wished: number): readonly number[] {
    const returned = this.#unused.splice(0, mostReturned);
    for (let at = 0; at < returned.length; at += 2) returned[at] = Math.max(0, nowMs - (returned[at] ?? 0));
    const keep = Math.max(wished, this.#isIdle(nowMs) ? 0 : 2 * Math.ceil(this.#recentlyUsed(nowMs)));
    if (this.#stock <= keep) return returned;
    returned.push(Math.max(0, nowMs - this.#leasedAtMs), this.#stock - keep);
    this.#stock = keep;
    return returned;
  }
}

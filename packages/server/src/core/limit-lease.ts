import type { Lease } from "./lease.ts";
import { longest } from "./limit-state.ts";
import type { Limit, LimitKind, LimitRefusal } from "./limits.ts";
import type { Quota } from "./sliding-window.ts";
import { SlotLease } from "./slot-lease.ts";
import { WindowLease, type WindowLeaseParts } from "./window-lease.ts";

export interface LimitLeaseParts {
  readonly limit: Limit;
  /** What this replica itself used of it within the last minute. */
  used(kind: "requests" | "tokens", nowMs: number): number;
}

/** What a replica has of the limits of one scope and id. */
export class LimitLease {
  readonly #parts: LimitLeaseParts;
  #limit: Limit;
  #requests: WindowLease | undefined;
  #tokens: WindowLease | undefined;
  #slots: SlotLease | undefined;
  #active = 0;

  constructor(parts: LimitLeaseParts) {
    this.#parts = parts;
    this.#limit = parts.limit;
    this.#open();
  }

  get leases(): readonly Lease[] {
    return [this.#requests, this.#tokens, this.#slots].filter((lease) => lease !== undefined);
  }

  /** Takes over values that were changed meanwhile. */
  adapt(limit: Limit): void {
    if (limit === this.#limit) return;
    this.#limit = limit;
    this.#open();
    if (limit.requestsPerMinute !== undefined) this.#requests?.resize(limit.requestsPerMinute);
    if (limit.tokensPerMinute !== undefined) this.#tokens?.resize(limit.tokensPerMinute);
    if (limit.maxConcurrent !== undefined) this.#slots?.resize(limit.maxConcurrent);
  }

  /** Whether everything is here that a call of so many tokens needs. */
  has(tokens: number, nowMs: number): boolean {
    return (
      (this.#requests === undefined || this.#requests.waitMs(1, nowMs) === 0) &&
      (this.#tokens === undefined || this.#tokens.waitMs(this.#tokens.fit(tokens), nowMs) === 0) &&
      (this.#slots === undefined || this.#slots.waitMs(nowMs) === 0)
    );
  }

  /** What is known to keep such a call out the longest; undefined when nothing is known to. */
  refusal(tokens: number, nowMs: number): LimitRefusal | undefined {
    const { requestsPerMinute, tokensPerMinute, maxConcurrent } = this.#limit;
    return longest(
      this.#refuse("concurrent", maxConcurrent, this.#slots?.waitMs(nowMs)),
      longest(
        this.#refuse("requests", requestsPerMinute, this.#requests?.waitMs(1, nowMs)),
        this.#refuse("tokens", tokensPerMinute, this.#tokens?.waitMs(this.#tokens.fit(tokens), nowMs)),
      ),
    );
  }

  /** Notes that a call of so many tokens waits. */
  wish(tokens: number): void {
    this.#requests?.wish(1);
    this.#tokens?.wish(this.#tokens.fit(tokens));
    this.#slots?.wish();
  }

  /** Takes what a call needs, whether it is here or not. Returns the tokens that were taken for it. */
  take(tokens: number, nowMs: number): number {
    this.#requests?.take(1, nowMs);
    const taken = this.#tokens?.fit(tokens) ?? 0;
    this.#tokens?.take(taken, nowMs);
    this.#slots?.take(nowMs);
    this.#active++;
    return taken;
  }

  /** A call has ended. @param unused of the tokens that were taken for it; less than 0 when it used more */
  leave(unused: number, takenAtMs: number): void {
    this.#tokens?.leave(unused, takenAtMs);
    this.#slots?.leave();
    this.#active--;
  }

  /** Whether it should ask now, before calls have to wait here or elsewhere. */
  isDue(nowMs: number): boolean {
    return (
      this.#requests?.isLow(nowMs) === true ||
      this.#tokens?.isLow(nowMs) === true ||
      this.#slots?.isFull === true
    );
  }

  /** The shared counts have forgotten everything. */
  startOver(nowMs: number): void {
    this.#requests?.startOver(nowMs);
    this.#tokens?.startOver(nowMs);
    this.#slots?.startOver();
  }

  requests(nowMs: number): Quota | undefined {
    return this.#requests?.quota(nowMs);
  }

  tokens(nowMs: number): Quota | undefined {
    return this.#tokens?.quota(nowMs);
  }

  /** Whether there is nothing to ask for, and will not be until a call comes. */
  isAtRest(nowMs: number): boolean {
    return (
      this.#active === 0 &&
      this.#requests?.isAtRest(nowMs) !== false &&
      this.#tokens?.isAtRest(nowMs) !== false &&
      this.#slots?.isAtRest !== false
    );
  }

  /** Whether nothing would be lost if this were forgotten, even when the shared counts lose everything. */
  isFresh(nowMs: number): boolean {
    const { used } = this.#parts;
    return this.isAtRest(nowMs) && used("requests", nowMs) === 0 && used("tokens", nowMs) === 0;
  }

  #open(): void {
    const { scope, id, requestsPerMinute, tokensPerMinute, maxConcurrent } = this.#limit;
    const window = (kind: WindowLeaseParts["kind"], limit: number) =>
      new WindowLease({ scope, id, kind, limit, used: (nowMs) => this.#parts.used(kind, nowMs) });
    if (requestsPerMinute !== undefined) this.#requests ??= window("requests", requestsPerMinute);
    else this.#requests = undefined;
    if (tokensPerMinute !== undefined) this.#tokens ??= window("tokens", tokensPerMinute);
    else this.#tokens = undefined;
    if (maxConcurrent !== undefined) this.#slots ??= new SlotLease({ scope, id, limit: maxConcurrent });
    else this.#slots = undefined;
  }

  #refuse(
    kind: LimitKind,
    limit: number | undefined,
    retryAfterMs: number | undefined,
  ): LimitRefusal | undefined {
    const { scope, id } = this.#limit;
    if (limit === undefined || retryAfterMs === undefined || retryAfterMs === 0) return undefined;
    return { scope, id, kind, limit, retryAfterMs };
  }
}

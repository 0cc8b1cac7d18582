import type { Limit, LimitKind, LimitRefusal, LimitValues } from "./limits.ts";
import { type Quota, SlidingWindow } from "./sliding-window.ts";

/** When a call ends is not known in advance. */
const concurrentRetryMs = 1_000;

/** What is used of the limits of one scope and id. */
export class LimitState {
  #limit: Limit;
  #requests: SlidingWindow | undefined;
  #tokens: SlidingWindow | undefined;
  #active = 0;

  constructor(limit: Limit) {
    this.#limit = limit;
    this.#requests = windowOf(limit.requestsPerMinute);
    this.#tokens = windowOf(limit.tokensPerMinute);
  }

  /** Calls that hold something. */
  get active(): number {
    return this.#active;
  }

  /** Takes over values that were changed meanwhile. */
  adapt(limit: Limit): void {
    if (limit === this.#limit || isSame(limit, this.#limit)) return;
    this.#limit = limit;
    this.#requests = resized(this.#requests, limit.requestsPerMinute);
    this.#tokens = resized(this.#tokens, limit.tokensPerMinute);
  }

  /** What keeps a call of so many tokens out the longest; undefined when nothing does. */
  judge(tokens: number, nowMs: number): LimitRefusal | undefined {
    const { requestsPerMinute = 0, tokensPerMinute = 0, maxConcurrent } = this.#limit;
    const isBusy = maxConcurrent !== undefined && this.#active >= maxConcurrent;
    return longest(
      isBusy ? this.#refuse("concurrent", maxConcurrent, concurrentRetryMs) : undefined,
      longest(
        this.#refuse("requests", requestsPerMinute, this.#requests?.waitMs(1, nowMs)),
        this.#refuse("tokens", tokensPerMinute, this.#tokens?.waitMs(this.#tokens.fit(tokens), nowMs)),
      ),
    );
  }

  /** Lets a call in that `judge` had nothing against. Returns the tokens that were taken for it. */
  take(tokens: number, nowMs: number): number {
    this.#active++;
    this.#requests?.take(1, nowMs);
    const taken = this.#tokens?.fit(tokens) ?? 0;
    this.#tokens?.take(taken, nowMs);
    return taken;
  }

  /** A call has ended. @param unused of the tokens that were taken for it; less than 0 when it used more */
  leave(unused: number, takenAtMs: number, nowMs: number): void {
    this.#active--;
    if (unused > 0) this.#tokens?.giveBack(unused, takenAtMs, nowMs);
    else if (unused < 0) this.#tokens?.take(-unused, nowMs);
  }

  /** What counts now, of requests or of tokens. */
  used(kind: "requests" | "tokens", nowMs: number): number {
    return (kind === "requests" ? this.#requests : this.#tokens)?.used(nowMs) ?? 0;
  }

  requests(nowMs: number): Quota | undefined {
    return this.#requests?.quota(nowMs);
  }

  tokens(nowMs: number): Quota | undefined {
    return this.#tokens?.quota(nowMs);
  }

  /** Whether nothing would be lost if this were forgotten. */
  isFresh(nowMs: number): boolean {
    return this.#active === 0 && this.used("requests", nowMs) === 0 && this.used("tokens", nowMs) === 0;
  }

  #refuse(kind: LimitKind, limit: number, retryAfterMs = 0): LimitRefusal | undefined {
    const { scope, id } = this.#limit;
    return retryAfterMs === 0 ? undefined : { scope, id, kind, limit, retryAfterMs };
  }
}

function isSame(one: LimitValues, other: LimitValues): boolean {
  return (
    one.requestsPerMinute === other.requestsPerMinute &&
    one.tokensPerMinute === other.tokensPerMinute &&
    one.maxConcurrent === other.maxConcurrent
  );
}

function windowOf(perMinute: number | undefined): SlidingWindow | undefined {
  return perMinute === undefined ? undefined : new SlidingWindow(perMinute);
}

function resized(
  window: SlidingWindow | undefined,
  perMinute: number | undefined,
): SlidingWindow | undefined {
  if (window === undefined || perMinute === undefined) return windowOf(perMinute);
  window.resize(perMinute);
  return window;
}

/** The one that is in the way longer; the first of two that are equal. */
export function longest(
  one: LimitRefusal | undefined,
  other: LimitRefusal | undefined,
): LimitRefusal | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.retryAfterMs > one.retryAfterMs ? other : one;
}

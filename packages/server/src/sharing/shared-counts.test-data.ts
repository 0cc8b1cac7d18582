import type { LeaseAnswer, LeaseAsk } from "../core/lease.ts";
import { SlidingWindow } from "../core/sliding-window.ts";
import type { ExchangeReply } from "./limit-exchange.ts";

/** What the script keeps in Redis, in a process. A test with a real Redis holds the two together. */
export class SharedCounts {
  readonly #windows = new Map<string, SlidingWindow>();
  readonly #slots = new Map<string, Map<string, number>>();
  readonly #replicas: number;
  #epoch = 0;

  constructor(replicas: number) {
    this.#replicas = replicas;
  }

  forget(): void {
    this.#epoch++;
    this.#windows.clear();
    this.#slots.clear();
  }

  exchange(replica: string, asks: readonly LeaseAsk[], nowMs: number): ExchangeReply {
    const answers = asks.map((ask) => this.#answer(replica, ask, nowMs));
    return { replicas: this.#replicas, epoch: String(this.#epoch), answers };
  }

  #answer(replica: string, ask: LeaseAsk, nowMs: number): LeaseAnswer {
    const name = `${ask.kind} ${ask.scope} ${ask.id}`;
    if (ask.kind === "concurrent") {
      const holders = this.#slots.get(name) ?? new Map<string, number>();
      this.#slots.set(name, holders);
      holders.set(replica, ask.held);
      const used = [...holders.values()].reduce((sum, held) => sum + held, 0);
      const granted = this.#grant(Math.max(0, ask.limit - used), ask);
      holders.set(replica, ask.held + granted);
      return { granted, remaining: Math.max(0, ask.limit - used) - granted, waitMs: 0, resetMs: 0 };
    }
    const window = this.#windows.get(name) ?? new SlidingWindow(ask.limit);
    this.#windows.set(name, window);
    for (let at = 0; at < ask.returned.length; at += 2)
      window.giveBack(ask.returned[at + 1] ?? 0, nowMs - Math.ceil(ask.returned[at] ?? 0), nowMs);
    if (ask.owed > 0) window.take(ask.owed, nowMs);
    const granted = this.#grant(window.quota(nowMs).remaining, ask);
    if (granted > 0) window.take(granted, nowMs);
    const { remaining, resetMs } = window.quota(nowMs);
    return { granted, remaining, resetMs, waitMs: granted < ask.need ? window.waitMs(ask.unit, nowMs) : 0 };
  }

  #grant(free: number, { need, want }: LeaseAsk): number {
    if (need > free) return free;
    return need + Math.max(0, Math.min(want, Math.floor((free - need) / (2 * this.#replicas))));
  }
}

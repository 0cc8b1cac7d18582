import type { BudgetAnswer, BudgetAsk } from "../core/budget-lease.ts";

interface Holder {
  readonly offset: number;
  readonly spent: number;
  readonly lease: number;
  readonly reserved: number;
}

interface Count {
  readonly base: number;
  recorded: number;
  readonly holders: Map<string, Holder>;
}

/** What the script of budgets keeps in Redis, in a process. A test with a real Redis holds the two together. */
export class SharedBudgetCounts {
  readonly #counts = new Map<string, Count>();
  readonly #live = new Set<string>();

  forget(): void {
    this.#counts.clear();
  }

  /** A replica is heard no longer. */
  bury(replica: string): void {
    this.#live.delete(replica);
  }

  exchange(replica: string, asks: readonly BudgetAsk[]): readonly BudgetAnswer[] {
    this.#live.add(replica);
    return asks.map((ask) => this.#answer(replica, ask));
  }

  #answer(replica: string, ask: BudgetAsk): BudgetAnswer {
    const name = `${ask.budgetId} ${ask.periodStartMs}`;
    const known = this.#counts.get(name);
    const count = known ?? this.#begin(name, ask.recorded);
    const before = known === undefined ? ask.unrecorded : ask.fresh;
    const offset = count.holders.get(replica)?.offset ?? before - ask.spent;
    const own = ask.spent + offset;
    let spent = count.base + own;
    let held = 0;
    let reservedElsewhere = 0;
    for (const [who, holder] of count.holders) {
      if (who === replica) continue;
      spent += holder.spent;
      if (!this.#live.has(who)) continue;
      held += holder.lease;
      reservedElsewhere += holder.reserved;
    }
    count.recorded = Math.max(count.recorded, ask.recorded);
    spent = Math.max(spent, count.recorded + ask.unrecorded);
    const free = Math.max(0, ask.amount - spent - held - ask.lease);
    const ahead = Math.max(0, Math.min(ask.want, Math.floor((free - ask.need) / (2 * this.#live.size))));
    const granted = ask.need > free ? free : ask.need + ahead;
    count.holders.set(replica, { offset, spent: own, lease: ask.lease + granted, reserved: ask.reserved });
    return { granted, spent, reservedElsewhere, left: free - granted };
  }

  #begin(name: string, recorded: number): Count {
    const made = { base: recorded, recorded, holders: new Map<string, Holder>() };
    this.#counts.set(name, made);
    return made;
  }
}

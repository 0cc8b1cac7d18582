interface Entry<Item> {
  readonly item: Item;
  readonly cost: number;
}

interface Tenant<Item> {
  readonly entries: Entry<Item>[];
  /** What the tenant may still take in this turn. */
  credit: number;
}

/** An entry as it was taken out, to be put back. */
export interface Taken<Item> extends Entry<Item> {
  readonly tenant: string;
}

/** What a tenant gets with each turn. */
export const turnCredit = 256;
/** Nothing costs more: a turn that comes round for a single entry must come in sight. */
const mostCost = turnCredit * 64;

/**
 * Items of several tenants that wait for the same thing: deficit round-robin (Shreedhar and Varghese, 1995). Each tenant
 * gets the same of what is given out, measured by cost, whatever it asks for; within a tenant the oldest comes first.
 */
export class FairQueue<Item> {
  /** In the order of their turns, the next one first. */
  readonly #tenants = new Map<string, Tenant<Item>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(tenant: string, item: Item, cost: number): void {
    const known = this.#tenants.get(tenant);
    const entry = { item, cost: Math.min(cost, mostCost) };
    if (known === undefined) this.#tenants.set(tenant, { entries: [entry], credit: turnCredit });
    else known.entries.push(entry);
    this.#size++;
  }

  /** Takes out whose turn it is; undefined when nobody waits. */
  shift(): Taken<Item> | undefined {
    for (;;) {
      const [first] = this.#tenants;
      if (first === undefined) return undefined;
      const [name, tenant] = first;
      const [entry] = tenant.entries;
      if (entry !== undefined && entry.cost <= tenant.credit) {
        tenant.entries.shift();
        tenant.credit -= entry.cost;
        this.#size--;
        if (tenant.entries.length === 0) this.#tenants.delete(name);
        return { ...entry, tenant: name };
      }
      this.#tenants.delete(name);
      // Credit is for those that wait: nobody saves it up.
      if (entry === undefined) continue;
      tenant.credit += turnCredit;
      this.#tenants.set(name, tenant);
    }
  }

  /** Puts back what was just taken out: it is the next again. */
  putBack({ tenant: name, item, cost }: Taken<Item>): void {
    const tenant = this.#tenants.get(name) ?? { entries: [], credit: 0 };
    tenant.entries.unshift({ item, cost });
    tenant.credit += cost;
    this.#size++;
    this.#tenants.delete(name);
    const others = [...this.#tenants];
    this.#tenants.clear();
    this.#tenants.set(name, tenant);
    for (const [other, waiting] of others) this.#tenants.set(other, waiting);
  }

  /** Returns whether it was there. */
  remove(tenant: string, item: Item): boolean {
    const entries = this.#tenants.get(tenant)?.entries ?? [];
    const at = entries.findIndex((entry) => entry.item === item);
    if (at < 0) return false;
    entries.splice(at, 1);
    this.#size--;
    if (entries.length === 0) this.#tenants.delete(tenant);
    return true;
  }

  /** Everything that waits. */
  list(): readonly Item[] {
    return [...this.#tenants.values()].flatMap(({ entries }) => entries.map(({ item }) => item));
  }
}

/** A seeded series: the same seed gives the same choices everywhere. */
export type Random = {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number;
  isLucky(chance: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
};

export function createRandom(seed: number): Random {
  const next = createSeries(seed);
  return {
    next,
    below: (below) => Math.floor(next() * below),
    isLucky: (chance) => next() < chance,
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
  };
}

/** A small seeded generator (mulberry32) of numbers from 0 to 1. */
export function createSeries(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The key of one of several weights, each as likely as its weight says. */
export function pickKey<Key extends string>(random: Random, weights: Readonly<Record<Key, number>>): Key {
  const keys = Object.keys(weights).filter((key): key is Key => key in weights);
  const [first] = keys;
  if (first === undefined) throw new Error("there is nothing to pick from");
  let left = random.next() * keys.reduce((sum, key) => sum + weights[key], 0);
  return keys.find((key) => (left -= weights[key]) < 0) ?? first;
}

import { setImmediate as nextTurn } from "node:timers/promises";

/** Most keys of one look-up: what operations take. */
const mostKeys = 100;

/** Gathers what is asked for in one turn, so that a list costs as many look-ups as one thing. Remembers what it found. */
export class BatchLoader<Value> {
  readonly #load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
  readonly #found = new Map<string, Promise<Value | undefined>>();
  #waiting: string[] = [];
  #next: Promise<ReadonlyMap<string, Value>> | undefined;

  constructor(load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>) {
    this.#load = load;
  }

  /** Resolves with undefined where there is nothing of that key. Rejects as the look-up does. */
  get(key: string): Promise<Value | undefined> {
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    if (this.#waiting.length >= mostKeys) this.#next = undefined;
    if (this.#next === undefined) {
      this.#waiting = [];
      this.#next = this.#loadSoon(this.#waiting);
    }
    this.#waiting.push(key);
    const found = this.#next.then((values) => values.get(key));
    this.#found.set(key, found);
    return found;
  }

  /** When this turn is over, so that all fields of a list have asked. */
  async #loadSoon(keys: readonly string[]): Promise<ReadonlyMap<string, Value>> {
    await nextTurn();
    if (this.#waiting === keys) this.#next = undefined;
    return this.#load(keys);
  }
}

import type { MasterKey } from "./master-key.ts";

/** The master keys that this process has: one that seals, and any number that only open. */
export class KeyRing {
  readonly #keys = new Map<string, MasterKey>();
  #current: MasterKey | undefined;

  /** The key that seals; undefined while there is none. */
  get current(): MasterKey | undefined {
    return this.#current;
  }

  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  find(id: string): MasterKey | undefined {
    return this.#keys.get(id);
  }

  /** A key that opens. */
  add(key: MasterKey): void {
    this.#keys.set(key.id, key);
  }

  /** From now on this key seals, and the one before only opens. */
  makeCurrent(key: MasterKey): void {
    this.add(key);
    this.#current = key;
  }

  /** Lets go of a key that opens nothing any more. The one that seals stays. */
  forget(id: string): void {
    if (id !== this.#current?.id) this.#keys.delete(id);
  }
}

import { createMasterKey, type MasterKey, readMasterKey } from "../master-key.ts";
import type { Vault } from "../vault.ts";

/**
 * Keys that content is sealed under. They are secrets of the vault themselves: a rotation of the master key seals these
 * anew, and what stands under them stays readable. Rejects with PlatformError `sealed` or `unavailable`.
 */
export interface ContentKeys {
  /** The one that seals; made when it is first needed. */
  current(): Promise<MasterKey>;
  /** One by its id. Undefined when the vault has no such key. */
  find(id: string): Promise<MasterKey | undefined>;
}

const purpose = "content_key";
const currentName = "current";

export function createContentKeys(vault: Pick<Vault, "read" | "write">): ContentKeys {
  let known: Promise<MasterKey> | undefined;

  async function read(name: string): Promise<MasterKey | undefined> {
    const text = await vault.read({ purpose, name });
    return text === undefined ? undefined : readMasterKey(text, purpose);
  }

  async function open(): Promise<MasterKey> {
    const there = await read(currentName);
    if (there !== undefined) return there;
    const made = createMasterKey();
    // By its id first: of two replicas that make one at the same time, both keep what they sealed readable.
    await vault.write({ purpose, name: made.id }, made.format());
    await vault.write({ purpose, name: currentName }, made.format());
    return made;
  }

  function current(): Promise<MasterKey> {
    known ??= open().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  }

  return {
    current,
    async find(id) {
      const key = await current();
      return key.id === id ? key : read(id);
    },
  };
}

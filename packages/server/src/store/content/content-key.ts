import { createMasterKey, type MasterKey, readMasterKey } from "../master-key.ts";
import type { Vault } from "../vault.ts";

const secret = { purpose: "content_key", name: "current" } as const;

/**
 * The key that content is sealed under. It is a secret of the vault itself: a rotation of the master key seals this one
 * anew, and what stands under it stays readable. Made when it is first needed.
 */
export function createContentKey(vault: Pick<Vault, "read" | "write">): () => Promise<MasterKey> {
  let known: Promise<MasterKey> | undefined;
  async function open(): Promise<MasterKey> {
    const text = await vault.read(secret);
    if (text !== undefined) return readMasterKey(text, "content_key");
    const made = createMasterKey();
    await vault.write(secret, made.format());
    return made;
  }
  return () => {
    known ??= open().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

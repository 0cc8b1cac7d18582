import { randomUUID } from "node:crypto";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { PlatformError } from "@llm-platform/kit";
import type { ChangeNotices } from "../../store/change-notices.ts";
import type { SigningKey, SigningKeyTable } from "../../store/signing-key-table.ts";
import type { Vault } from "../../store/vault.ts";

export interface SigningKeyParts {
  readonly table: SigningKeyTable;
  readonly vault: Pick<Vault, "read" | "write" | "remove">;
  readonly changes: ChangeNotices;
  /** Since the epoch. */
  readonly nowMs: () => number;
  /** How long a key signs. */
  readonly rotateAfterMs: number;
  /** How long a token is good for, and with that how long a key is kept after it was retired. */
  readonly keepMs: number;
}

/** The keys that access tokens are signed with: one at a time, and those before while a token of theirs may be good. */
export interface SigningKeys {
  /** The key to sign with; made when there is none, or the one in use has signed long enough. */
  current(): Promise<{ readonly id: string; readonly key: CryptoKey }>;
  /** The key to check with; undefined for an id that is not known, or not any more. */
  find(id: string): Promise<CryptoKey | undefined>;
  /** Public halves of all that may be found. */
  publicKeys(): Promise<readonly JWK[]>;
}

export const signingAlgorithm = "EdDSA";
const curve = "Ed25519";
const purpose = "signing_key";
/** For a key that is not known they are read again this often at most. */
const readAgainMs = 1_000;

export function createSigningKeys(parts: SigningKeyParts): SigningKeys {
  return new StoredSigningKeys(parts);
}

class StoredSigningKeys implements SigningKeys {
  readonly #parts: SigningKeyParts;
  /** Read once, and again when a replica has changed them or may have. */
  #known: Promise<readonly SigningKey[]> | undefined;
  #readAtMs = 0;
  readonly #imported = new Map<string, CryptoKey>();
  #current: { readonly id: string; readonly key: CryptoKey; readonly untilMs: number } | undefined;
  #opening: Promise<{ readonly id: string; readonly key: CryptoKey }> | undefined;

  constructor(parts: SigningKeyParts) {
    this.#parts = parts;
    parts.changes.onRemote("signing_keys", () => {
      this.#known = undefined;
      this.#current = undefined;
    });
  }

  async current(): Promise<{ readonly id: string; readonly key: CryptoKey }> {
    if (this.#current !== undefined && this.#parts.nowMs() < this.#current.untilMs) return this.#current;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async find(id: string): Promise<CryptoKey | undefined> {
    const known = (await this.#usable()).find((each) => each.id === id) ?? (await this.#findAgain(id));
    if (known === undefined) return undefined;
    const imported = this.#imported.get(id) ?? (await importKey(known.publicJwk));
    this.#imported.set(id, imported);
    return imported;
  }

  async publicKeys(): Promise<readonly JWK[]> {
    return (await this.#usable()).map(({ id, publicJwk }) => ({
      ...toJwk(publicJwk),
      kid: id,
      use: "sig",
      alg: signingAlgorithm,
    }));
  }

  /** A replica may have made it, and its word is still on the way. */
  async #findAgain(id: string): Promise<SigningKey | undefined> {
    const { nowMs } = this.#parts;
    if (nowMs() - this.#readAtMs < readAgainMs) return undefined;
    this.#known = undefined;
    return (await this.#usable()).find((each) => each.id === id);
  }

  async #usable(): Promise<readonly SigningKey[]> {
    const { nowMs, keepMs } = this.#parts;
    const keys = await this.#list();
    return keys.filter(({ retiredAtMs }) => retiredAtMs === null || nowMs() < retiredAtMs + keepMs);
  }

  #list(): Promise<readonly SigningKey[]> {
    if (this.#known === undefined) this.#readAtMs = this.#parts.nowMs();
    this.#known ??= this.#parts.table.list().catch((error: unknown) => {
      this.#known = undefined;
      throw error;
    });
    return this.#known;
  }

  /** Takes up the key in use, or makes the next one. */
  async #open(): Promise<{ readonly id: string; readonly key: CryptoKey }> {
    const { nowMs, rotateAfterMs, vault } = this.#parts;
    const inUse = (await this.#list()).find(({ retiredAtMs }) => retiredAtMs === null);
    const untilMs = (inUse?.createdAtMs ?? 0) + rotateAfterMs;
    const text = inUse === undefined ? undefined : await vault.read({ purpose, name: inUse.id });
    if (inUse === undefined || text === undefined || nowMs() >= untilMs) return this.#rotate();
    const key = await importKey(text);
    this.#current = { id: inUse.id, key, untilMs };
    return this.#current;
  }

  async #rotate(): Promise<{ readonly id: string; readonly key: CryptoKey }> {
    const { table, vault, nowMs, rotateAfterMs, keepMs } = this.#parts;
    const { publicKey, privateKey } = await generateKeyPair(signingAlgorithm, {
      crv: curve,
      extractable: true,
    });
    const id = randomUUID();
    const createdAtMs = nowMs();
    const before = (await this.#list()).filter(({ retiredAtMs }) => retiredAtMs === null);
    const publicJwk = JSON.stringify(await exportJWK(publicKey));
    await vault.write({ purpose, name: id }, JSON.stringify(await exportJWK(privateKey)));
    await table.insert({ id, publicJwk, createdAtMs, retiredAtMs: null });
    await table.retireOthers(id, createdAtMs);
    // What signs no longer is kept by nobody; its public half still checks.
    for (const each of before) await vault.remove({ purpose, name: each.id });
    await table.deleteRetired(createdAtMs - keepMs);
    this.#known = undefined;
    // A replica that is not told finds the new key when it meets a token of it.
    await this.#parts.changes.announce("signing_keys").catch(() => undefined);
    this.#current = { id, key: privateKey, untilMs: createdAtMs + rotateAfterMs };
    return this.#current;
  }
}

async function importKey(text: string): Promise<CryptoKey> {
  const key = await importJWK(toJwk(text), signingAlgorithm);
  if (key instanceof Uint8Array)
    throw new PlatformError("internal", "A signing key is not what it should be.");
  return key;
}

function toJwk(text: string): JWK {
  // Only `#rotate` writes these texts, and `importJWK` checks them.
  return JSON.parse(text) as JWK;
}

import { PlatformError } from "@llm-platform/kit";
import type { KeyHolder } from "../core/identity.ts";
import type { Principal } from "../core/principal.ts";

/** Where keys are looked up that are not in the configuration. */
export interface KeySource {
  /** Whether there is a user, so that callers from this machine need a key as well. */
  readonly hasUsers: boolean;
  /** Who calls with a key; undefined for one that does not work. Rejects with PlatformError `unavailable`. */
  findKey(sha256: string): Promise<KeyHolder | undefined>;
  /** Calls `listener` after each change of a user or a key. */
  onChange(listener: () => void): void;
}

/** What was found is looked up again after this long. */
const freshMs = 30_000;
/** While the store does not answer, what was found before it is good for this long. */
const usableMs = 15 * 60_000;
const unknownMs = 5_000;
const mostKept = 10_000;

interface Kept {
  readonly holder: KeyHolder;
  /** Monotonic. */
  readonly freshUntilMs: number;
  /** Monotonic. */
  readonly usableUntilMs: number;
}

export interface KeyLookupParts {
  readonly source: KeySource;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Since the epoch. */
  readonly wallMs: () => number;
}

/**
 * Keys of the store, behind a bounded memory of those found lately. A key that is revoked here is forgotten at once; one
 * that was revoked elsewhere works for half a minute at most.
 */
export class KeyLookup {
  readonly #parts: KeyLookupParts;
  /** By the whole text of the credential, the longest unused first. */
  readonly #kept = new Map<string, Kept>();
  readonly #unknown = new Map<string, number>();
  readonly #underway = new Map<string, Promise<Principal>>();
  #round = 0;

  constructor(parts: KeyLookupParts) {
    this.#parts = parts;
    parts.source.onChange(() => {
      this.#round++;
      this.#kept.clear();
      this.#unknown.clear();
      this.#underway.clear();
    });
  }

  /** Who calls with a credential that was looked up lately. */
  recall(credential: string): Principal | undefined {
    const kept = this.#kept.get(credential);
    return kept !== undefined && this.#parts.nowMs() < kept.freshUntilMs ? kept.holder.principal : undefined;
  }

  /**
   * Who calls with a credential that is not recalled.
   * Throws, or rejects with, PlatformError `unauthenticated` or `unavailable`.
   * @param credential by which it is kept, with the key in it
   * @param sha256 of the key, in lower-case hexadecimal
   */
  find(credential: string, sha256: string): Promise<Principal> {
    if (this.#parts.nowMs() < (this.#unknown.get(credential) ?? 0)) throw unknownKey();
    const underway = this.#underway.get(credential);
    if (underway !== undefined) return underway;
    const looking = this.#lookUp(credential, sha256, this.#kept.get(credential));
    this.#underway.set(credential, looking);
    const over = () => {
      if (this.#underway.get(credential) === looking) this.#underway.delete(credential);
    };
    looking.then(over, over);
    return looking;
  }

  async #lookUp(credential: string, sha256: string, kept: Kept | undefined): Promise<Principal> {
    const round = this.#round;
    const holder = await this.#ask(sha256, kept);
    const isCurrent = round === this.#round;
    if (holder === undefined) {
      this.#kept.delete(credential);
      if (isCurrent) keep(this.#unknown, credential, this.#parts.nowMs() + unknownMs);
      throw unknownKey();
    }
    if (isCurrent && holder !== kept?.holder) this.#keep(credential, holder);
    return holder.principal;
  }

  /** What the store says, or said when it last answered. */
  async #ask(sha256: string, kept: Kept | undefined): Promise<KeyHolder | undefined> {
    try {
      return await this.#parts.source.findKey(sha256);
    } catch (error) {
      const { nowMs, wallMs } = this.#parts;
      if (kept === undefined || nowMs() >= kept.usableUntilMs || wallMs() >= kept.holder.expiresAtMs)
        throw error;
      return kept.holder;
    }
  }

  #keep(credential: string, holder: KeyHolder): void {
    const nowMs = this.#parts.nowMs();
    const leftMs = holder.expiresAtMs - this.#parts.wallMs();
    const freshUntilMs = nowMs + Math.min(freshMs, leftMs);
    keep(this.#kept, credential, { holder, freshUntilMs, usableUntilMs: nowMs + usableMs });
  }
}

/** Keeps a value as the newest, and lets go of the oldest when there are too many. */
function keep<Value>(table: Map<string, Value>, name: string, value: Value): void {
  table.delete(name);
  if (table.size >= mostKept) {
    const oldest = table.keys().next();
    if (oldest.done !== true) table.delete(oldest.value);
  }
  table.set(name, value);
}

export function unknownKey(): PlatformError {
  return new PlatformError(
    "unauthenticated",
    "The API key is not known, or works no longer. Check it, or ask an admin for one.",
  );
}

import { PlatformError } from "@llm-platform/kit";
import type { IdentityNews, KeyHolder } from "../core/identity.ts";
import type { Principal } from "../core/principal.ts";

/** Where keys are looked up that are not in the configuration. */
export interface KeySource {
  /** Whether there is a user, so that callers from this machine need a key as well. */
  readonly hasUsers: boolean;
  /** Who calls with a key; undefined for one that does not work. Rejects with PlatformError `unavailable`. */
  findKey(sha256: string): Promise<KeyHolder | undefined>;
  /** Who calls with a token; undefined for one that does not work. Rejects with PlatformError `unavailable`. */
  findToken(token: string): Promise<KeyHolder | undefined>;
  /** Calls `listener` after each change of a user or a key, and when a session is ended. */
  onChange(listener: (news: IdentityNews) => void): void;
}

/** What was found is looked up again after this long. */
const freshMs = 30_000;
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
  /** Asks where keys, or tokens, are known. */
  find(text: string): Promise<KeyHolder | undefined>;
  /** Calls `listener` when what was found may hold no longer. */
  onChange(listener: (news: IdentityNews) => void): void;
  /** While the store does not answer, what was found before it is good for this long. */
  readonly usableMs: number;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Since the epoch. */
  readonly wallMs: () => number;
}

/**
 * Keys of the store, or tokens, behind a bounded memory of those found lately. One that is revoked here is forgotten at
 * once; one that was revoked elsewhere works for half a minute at most.
 */
export class KeyLookup {
  readonly #parts: KeyLookupParts;
  /** By a name that no two credentials share, the longest unused first. */
  readonly #kept = new Map<string, Kept>();
  readonly #unknown = new Map<string, number>();
  readonly #underway = new Map<string, Promise<Principal>>();
  #round = 0;

  constructor(parts: KeyLookupParts) {
    this.#parts = parts;
    parts.onChange(({ type }) => {
      this.#round++;
      // What may have changed is asked for anew, and stays what it was while the store does not answer.
      if (type === "missed")
        for (const [name, kept] of this.#kept) this.#kept.set(name, { ...kept, freshUntilMs: 0 });
      else this.#kept.clear();
      this.#unknown.clear();
      this.#underway.clear();
    });
  }

  /** Who calls with a credential that was looked up lately. */
  recall(name: string): Principal | undefined {
    const kept = this.#kept.get(name);
    return kept !== undefined && this.#parts.nowMs() < kept.freshUntilMs ? kept.holder.principal : undefined;
  }

  /**
   * Who calls with a credential that is not recalled.
   * Throws, or rejects with, PlatformError `unauthenticated` or `unavailable`.
   * @param name by which it is kept: the whole credential, or its whole SHA-256
   * @param text by which it is looked up
   */
  find(name: string, text: string): Promise<Principal> {
    if (this.#parts.nowMs() < (this.#unknown.get(name) ?? 0)) throw unknownKey();
    const underway = this.#underway.get(name);
    if (underway !== undefined) return underway;
    const looking = this.#lookUp(name, text, this.#kept.get(name));
    this.#underway.set(name, looking);
    const over = () => {
      if (this.#underway.get(name) === looking) this.#underway.delete(name);
    };
    looking.then(over, over);
    return looking;
  }

  async #lookUp(name: string, text: string, kept: Kept | undefined): Promise<Principal> {
    const round = this.#round;
    const holder = await this.#ask(text, kept);
    const isCurrent = round === this.#round;
    if (holder === undefined) {
      this.#kept.delete(name);
      if (isCurrent) keep(this.#unknown, name, this.#parts.nowMs() + unknownMs);
      throw unknownKey();
    }
    if (isCurrent && holder !== kept?.holder) this.#keep(name, holder);
    return holder.principal;
  }

  /** What the store says, or said when it last answered. */
  async #ask(text: string, kept: Kept | undefined): Promise<KeyHolder | undefined> {
    try {
      return await this.#parts.find(text);
    } catch (error) {
      const { nowMs, wallMs } = this.#parts;
      if (error instanceof PlatformError && error.code !== "unavailable") throw error;
      if (kept === undefined || nowMs() >= kept.usableUntilMs || wallMs() >= kept.holder.expiresAtMs)
        throw error;
      return kept.holder;
    }
  }

  #keep(name: string, holder: KeyHolder): void {
    const nowMs = this.#parts.nowMs();
    const leftMs = holder.expiresAtMs - this.#parts.wallMs();
    const freshUntilMs = nowMs + Math.min(freshMs, leftMs);
    keep(this.#kept, name, { holder, freshUntilMs, usableUntilMs: nowMs + this.#parts.usableMs });
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
    "The API key or token is not known, or works no longer. Check it, log in again, or ask an admin for a key.",
  );
}

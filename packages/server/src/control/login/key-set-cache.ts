import { PlatformError } from "@llm-platform/kit";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet } from "jose";

export interface KeySetParts {
  /** Gets the keys from where they are published. Rejects with PlatformError. */
  load(): Promise<JSONWebKeySet>;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** The keys of an issuer, behind a memory: they are asked for again when they are old, or one of them is missing. */
export interface KeySetCache {
  /**
   * A set in which a token's key is to be looked for. It is loaded again at most once a minute, whatever callers send;
   * while that fails, what was loaded in the last day is used.
   * Rejects with what `load` does when there is nothing to use.
   */
  forToken(token: string): Promise<ReturnType<typeof createLocalJWKSet>>;
}

const freshMs = 600_000;
const usableMs = 24 * 3_600_000;
const askAgainMs = 60_000;

interface Loaded {
  readonly set: ReturnType<typeof createLocalJWKSet>;
  readonly ids: ReadonlySet<string>;
  readonly atMs: number;
}

export function createKeySetCache({ load, nowMs }: KeySetParts): KeySetCache {
  const state: { loaded?: Loaded; triedAtMs?: number; underway?: Promise<Loaded>; failure?: unknown } = {};

  async function reload(): Promise<Loaded> {
    state.triedAtMs = nowMs();
    try {
      const keys = await load();
      const ids = new Set(keys.keys.flatMap(({ kid }) => kid ?? []));
      state.loaded = { set: createLocalJWKSet(keys), ids, atMs: nowMs() };
      return state.loaded;
    } catch (error) {
      state.failure = error;
      throw error;
    } finally {
      delete state.underway;
    }
  }

  /** What is known now, after another look where one is due. */
  async function look(isDue: (loaded: Loaded) => boolean): Promise<Loaded> {
    const { loaded, triedAtMs } = state;
    if (loaded !== undefined && !isDue(loaded)) return loaded;
    const isTooSoon = triedAtMs !== undefined && nowMs() < triedAtMs + askAgainMs;
    const isUsable = loaded !== undefined && nowMs() < loaded.atMs + usableMs;
    if (isTooSoon && state.underway === undefined) {
      if (isUsable) return loaded;
      throw unreachable(state.failure);
    }
    state.underway ??= reload();
    try {
      return await state.underway;
    } catch (error) {
      if (isUsable) return loaded;
      throw unreachable(error);
    }
  }

  return {
    async forToken(token) {
      const { kid } = decodeProtectedHeader(token);
      const isMissing = ({ ids }: Loaded) => kid !== undefined && !ids.has(kid);
      const { set } = await look((loaded) => nowMs() >= loaded.atMs + freshMs || isMissing(loaded));
      return set;
    },
  };
}

function unreachable(cause: unknown): PlatformError {
  return new PlatformError("unavailable", "The identity provider does not answer. Try again in a minute.", {
    cause,
    retryAfterMs: askAgainMs,
  });
}

import type { Json, JsonObject } from "@llm-platform/kit";
import { secretMark } from "./shown-value.ts";

/** Shorter ones are words that stand in any text: to take them out would spoil it and tell that they are secrets. */
const shortestLength = 8;
const mostKept = 2_000;

/**
 * The secrets that the platform was given, so that what comes from elsewhere can be shown without them: an integration's
 * words, an error's text, a line of the log. It is the last guard behind those that let no secret get so far.
 */
export class KnownSecrets {
  readonly #texts = new Set<string>();
  /** Longest first, so that one which begins like another leaves no rest. */
  #ordered: readonly string[] = [];
  #onLearned: (() => void) | undefined;

  /** All that are known, for a process that hides them as well. Longest first. */
  get texts(): readonly string[] {
    return this.#ordered;
  }

  /** Calls `listener` whenever something was learned. One listener is all there is. */
  onLearned(listener: () => void): void {
    this.#onLearned = listener;
  }

  /** The oldest are forgotten when there are more than 2,000. */
  learn(texts: readonly string[]): void {
    for (const text of texts) {
      if (text.length < shortestLength) continue;
      this.#texts.delete(text);
      this.#texts.add(text);
      // As it stands within JSON.
      const quoted = JSON.stringify(text).slice(1, -1);
      if (quoted !== text) this.#texts.add(quoted);
    }
    for (const text of this.#texts) {
      if (this.#texts.size <= mostKept) break;
      this.#texts.delete(text);
    }
    this.#ordered = [...this.#texts].sort((a, b) => b.length - a.length);
    this.#onLearned?.();
  }

  /** The text with `[secret]` in the place of each. */
  hide(text: string): string {
    if (text.length < shortestLength) return text;
    let hidden = text;
    for (const secret of this.#ordered)
      if (hidden.includes(secret)) hidden = hidden.replaceAll(secret, secretMark);
    return hidden;
  }

  /** The same within a value, names of members included. */
  hideIn(value: JsonObject): JsonObject {
    return this.#hideMembers(value);
  }

  #hideAny(value: Json): Json {
    if (typeof value === "string") return this.hide(value);
    if (typeof value !== "object" || value === null) return value;
    if (isList(value)) return value.map((item) => this.#hideAny(item));
    return this.#hideMembers(value);
  }

  #hideMembers(value: JsonObject): JsonObject {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [this.hide(name), this.#hideAny(member)]),
    );
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

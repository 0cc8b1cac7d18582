import { randomBytes } from "node:crypto";

/** A piece of a rendered prompt. */
export interface PromptPiece {
  readonly text: string;
  /** Whether names of control tokens in `text` mean those tokens. */
  readonly isTrusted: boolean;
}

/**
 * Keeps control tokens out of text that comes from callers.
 *
 * A caller who writes `<|im_end|>` into a message must not end his turn by it. So before the template
 * is rendered each such name in a caller's string is replaced by a placeholder that nobody can guess,
 * and after rendering the prompt is cut at the placeholders: only these pieces are tokenised as plain text.
 * Everything else stays one text, so ordinary prompts have exactly the tokens that the model was trained on,
 * and templates that look into a message (to trim or to split it) see its real words.
 */
export class PromptGuard {
  readonly #names: readonly string[];
  readonly #pattern: RegExp | undefined;
  readonly #nonce: string;

  /**
   * @param controlTexts texts of the model's control tokens
   * @param nonce for tests; random by default
   */
  constructor(controlTexts: readonly string[], nonce = randomBytes(9).toString("hex")) {
    this.#names = controlTexts.filter((text) => text !== "").toSorted((a, b) => b.length - a.length);
    this.#nonce = nonce;
    const alternatives = this.#names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&"));
    this.#pattern = alternatives.length === 0 ? undefined : new RegExp(alternatives.join("|"), "gu");
  }

  /** Replaces names of control tokens by placeholders, in strings at any depth; object keys too. */
  protect<Value>(value: Value): Value;
  protect(value: unknown): unknown {
    if (typeof value === "string") return this.#protectText(value);
    if (Array.isArray(value)) return value.map((item: unknown) => this.protect(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.#protectText(key), this.protect(item)]),
    );
  }

  /** Cuts a rendered prompt at the placeholders. Neighbours of one kind are one piece. */
  split(rendered: string): readonly PromptPiece[] {
    const pieces: PromptPiece[] = [];
    const parts = rendered.split(new RegExp(`\uE000${this.#nonce}:(\\d+)\uE001`, "u"));
    for (const [index, part] of parts.entries()) {
      const isTrusted = index % 2 === 0;
      const text = isTrusted ? part : (this.#names[Number(part)] ?? "");
      const last = pieces.at(-1);
      if (text === "") continue;
      if (last?.isTrusted === isTrusted) pieces[pieces.length - 1] = { text: last.text + text, isTrusted };
      else pieces.push({ text, isTrusted });
    }
    return pieces;
  }

  #protectText(text: string): string {
    if (this.#pattern === undefined) return text;
    return text.replace(this.#pattern, (name) => `\uE000${this.#nonce}:${this.#names.indexOf(name)}\uE001`);
  }
}

import { randomBytes } from "node:crypto";

/** Secrets that each have a place where they may be, and must be found nowhere else. */
export class Canaries {
  readonly #needles: { readonly name: string; readonly form: string; readonly bytes: Buffer }[] = [];
  readonly #texts = new Map<string, string>();

  /** The secret of a name, made when it is first asked for. */
  of(name: string): string {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const text = `sk-CANARY-${randomBytes(9).toString("hex")}`;
    this.add(name, text);
    return text;
  }

  /** A secret that somebody else made, or that has a form of its own. */
  add(name: string, text: string): void {
    if (text.length < 16) throw new Error(`there is no ${name}: ${text}`);
    this.#texts.set(name, text);
    this.#addBytes(name, "", Buffer.from(text));
  }

  /** The same for one that may also be written as bytes. */
  addBytes(name: string, bytes: Buffer): void {
    this.#addBytes(name, "", bytes);
    this.#addBytes(name, " in hexadecimal", Buffer.from(bytes.toString("hex")));
  }

  get size(): number {
    return this.#texts.size;
  }

  /** Names of the secrets that stand in it, as they are or in base64. */
  findIn(content: string | Uint8Array, allowed: readonly string[] = []): readonly string[] {
    const bytes = Buffer.from(content);
    const found = this.#needles
      .filter(({ name, bytes: needle }) => !allowed.includes(name) && bytes.includes(needle))
      .map(({ name, form }) => name + form);
    return [...new Set(found)];
  }

  #addBytes(name: string, form: string, bytes: Buffer): void {
    this.#needles.push({ name, form, bytes });
    // Base64 of a text that holds it looks different at each of three places; its ends depend on what stands beside.
    for (const before of [0, 1, 2]) {
      const inBase64 = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
      const from = before === 0 ? 0 : 4;
      const inner = inBase64.slice(from, inBase64.length - 4);
      for (const each of new Set([inner, inner.replaceAll("+", "-").replaceAll("/", "_")]))
        this.#needles.push({ name, form: `${form} in base64`, bytes: Buffer.from(each) });
    }
  }
}

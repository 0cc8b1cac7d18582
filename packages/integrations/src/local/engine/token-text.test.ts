import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenText } from "./token-text.ts";

/** One token per byte, as models do for characters that they do not know. */
const bytes = { detokenize: (tokens: readonly number[]) => Buffer.from(tokens).toString("utf8") };

describe("TokenText", () => {
  it("never cuts a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (text) => {
        fc.pre(!text.includes("\uFFFD") && text.isWellFormed());
        const tokenText = new TokenText<number>(bytes, () => false);
        const pieces = [...Buffer.from(text)].map((byte) => tokenText.push(byte));
        expect(pieces.every((piece) => !piece.includes("\uFFFD"))).toBe(true);
        expect(pieces.join("") + tokenText.end()).toBe(text);
      }),
    );
  });

  it("lets go of bytes that never become a character", () => {
    const tokenText = new TokenText<number>(bytes, () => false);
    const pieces = [0xff, 0xff, 0xff, 0xff].map((byte) => tokenText.push(byte));
    expect(pieces.join("")).toBe("\uFFFD\uFFFD\uFFFD\uFFFD");
  });

  it("shows an unfinished character at the end", () => {
    const tokenText = new TokenText<number>(bytes, () => false);
    expect(tokenText.push(0xf0)).toBe("");
    expect(tokenText.end()).toBe("\uFFFD");
  });
});

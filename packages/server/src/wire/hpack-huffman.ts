import { Http2Error, http2Codes } from "./http2-error.ts";

/**
 * How many bits each of the 256 octets takes, and at last the end of the string, each as a digit to the base of 36
 * (RFC 7541 appendix B). The code is canonical: the lengths say it all.
 */
const lengths =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad67777777777777777777777878djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu";
const endOfString = 256;
const longestPadding = 7;

/** Two places for each inner node of the tree: where 0 and 1 lead; below zero to a symbol. */
type Tree = Int16Array;

export class HuffmanDecoder {
  readonly #tree: Tree = makeTree();

  /** Throws Http2Error for what is no such code. */
  decode(bytes: Buffer, from: number, to: number): string {
    const tree = this.#tree;
    let text = "";
    let node = 0;
    /** Bits since the last symbol, and whether all of them were ones: only so may a string end. */
    let pendingBits = 0;
    let isAllOnes = true;
    for (let at = from; at < to; at++) {
      const byte = bytes[at] ?? 0;
      for (let shift = 7; shift >= 0; shift--) {
        const bit = (byte >> shift) & 1;
        const next = tree[node * 2 + bit] ?? 0;
        pendingBits++;
        if (bit === 0) isAllOnes = false;
        if (next >= 0) {
          node = next;
          continue;
        }
        const symbol = -next - 1;
        if (symbol === endOfString) throw broken();
        text += String.fromCharCode(symbol);
        node = 0;
        pendingBits = 0;
        isAllOnes = true;
      }
    }
    if (pendingBits > longestPadding || !isAllOnes) throw broken();
    return text;
  }
}

function broken(): Http2Error {
  return new Http2Error(http2Codes.COMPRESSION_ERROR, "a header is not in Huffman's code");
}

function makeTree(): Tree {
  const symbols = [...lengths].map((digit, symbol) => ({ symbol, length: Number.parseInt(digit, 36) }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const tree = new Int16Array(symbols.length * 2);
  let nodes = 1;
  let code = -1;
  let before = symbols[0]?.length ?? 0;
  for (const { symbol, length } of symbols) {
    code = (code + 1) * 2 ** (length - before);
    before = length;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const place = node * 2 + (Math.floor(code / 2 ** bit) % 2);
      if (bit === 0) tree[place] = -symbol - 1;
      else {
        if (tree[place] === 0) tree[place] = nodes++;
        node = tree[place] ?? 0;
      }
    }
  }
  return tree;
}

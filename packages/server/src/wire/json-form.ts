import { endOfNumber, skipBlank } from "./json-scan.ts";
import { endOfString, quote } from "./json-string.ts";

const colon = 0x3a;
const minus = 0x2d;
const digitZero = 0x30;
const digitNine = 0x39;
/** What is longer without its values is scanned afresh each time. */
const longestKept = 4 * 1024;
const mostHoles = 64;

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * A JSON text (RFC 8259) that has been scanned, to be known again: the same bytes, but for its strings and numbers.
 *
 *     form = literal *( hole literal )      hole = *char of a string that is no key (section 7) / number (section 6)
 *
 * Keys, `true`, `false`, `null`, white space and structural characters are literal. Where a hole ends is judged by what
 * the scan judges it by, so that a text of this form is one that the scan takes the same way, value for value.
 * Only the literals are kept, as a copy: nothing of what a reply said, nor the memory that it came in.
 */
export class JsonForm {
  readonly #literals: Uint8Array;
  /** For each hole, how many bytes of the literals stand before it. */
  readonly #before: Uint32Array;
  /** Start and end of each hole in the text that matched last; at first in the one that was learnt from. */
  readonly #places: Uint32Array;

  /** @param places start and end of each hole, in the order of the text */
  constructor(text: Buffer, { start, end }: Range, places: readonly number[]) {
    const literals: Buffer[] = [];
    const before: number[] = [];
    let known = 0;
    for (let index = 0; index <= places.length; index += 2) {
      const literal = text.subarray(places[index - 1] ?? start, places[index] ?? end);
      literals.push(literal);
      known += literal.length;
      if (index < places.length) before.push(known);
    }
    // A small buffer would hold on to the pool that it is cut from.
    this.#literals = Uint8Array.from(Buffer.concat(literals));
    this.#before = Uint32Array.from(before);
    this.#places = Uint32Array.from(places);
  }

  /** Whether `bytes[start, end)` is of this form. What is behind the last hole is compared first: texts that differ in kind mostly differ there. */
  match(bytes: Buffer, start: number, end: number): boolean {
    const literals = this.#literals;
    const before = this.#before;
    const places = this.#places;
    const holes = before.length;
    if (end - start < literals.length) return false;
    const shift = end - literals.length;
    const tail = before[holes - 1] ?? 0;
    for (let known = literals.length - 1; known >= tail; known--)
      if (bytes[shift + known] !== literals[known]) return false;
    let at = start;
    let known = 0;
    for (let hole = 0; hole < holes; hole++) {
      const stop = before[hole] ?? 0;
      if (at + stop - known > end) return false;
      while (known < stop) {
        if (bytes[at] !== literals[known]) return false;
        at++;
        known++;
      }
      places[2 * hole] = at;
      // Before the value of a string stands its quote; nothing that is not in a string ends in one.
      at = literals[known - 1] === quote ? endOfString(bytes, at, end) : endOfNumber(bytes, at, end);
      if (at < 0) return false;
      places[2 * hole + 1] = at;
    }
    return at === shift + known;
  }

  /** The hole that begins at this offset of the text that matched last; -1 when none does. */
  holeAt(offset: number): number {
    const hole = this.#places.indexOf(offset);
    return hole >= 0 && hole % 2 === 0 ? hole / 2 : -1;
  }

  /** Where a hole began in the text that matched last: for a string, behind its quote. */
  startOf(hole: number): number {
    return this.#places[2 * hole] ?? 0;
  }

  /** Offset behind a hole in the text that matched last: for a string, its closing quote. */
  endOf(hole: number): number {
    return this.#places[2 * hole + 1] ?? 0;
  }
}

/**
 * The form of a text that the scan has accepted.
 * @returns undefined for one that is too long or has too many holes to be worth a comparison
 */
export function learnForm(text: Buffer, range: Range): JsonForm | undefined {
  const { start, end } = range;
  const places: number[] = [];
  let inHoles = 0;
  let at = start;
  while (at < end) {
    const byte = text[at] ?? 0;
    const isString = byte === quote;
    const isNumber = byte === minus || (byte >= digitZero && byte <= digitNine);
    const from = isString ? at + 1 : at;
    const behind = isString ? endOfString(text, from, end) : isNumber ? endOfNumber(text, at, end) : at;
    if (behind < 0) return undefined;
    if (isNumber || (isString && text[skipBlank(text, behind + 1, end)] !== colon)) {
      places.push(from, behind);
      inHoles += behind - from;
    }
    at = isNumber ? behind : behind + 1;
    if (places.length > 2 * mostHoles || at - start - inHoles > longestKept) return undefined;
  }
  return new JsonForm(text, range, places);
}

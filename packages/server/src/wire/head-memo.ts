import { type HttpHead, readHttpHead } from "./http-head.ts";

/** Heads that are longer are read afresh each time. */
const longestKept = 2 * 1024;
const mostDigits = 12;
const digitZero = 0x30;
const digitNine = 0x39;

/**
 * Reads the heads of one connection. Clients mostly send the same head again, but for the length of the body:
 * such a one is compared with the last, not read. Equal bytes read alike, so nothing is judged here but the digits.
 */
export class HeadMemo {
  #head: HttpHead | undefined;
  /** The last head up to its length's digits, and from behind them on with the empty line. */
  #before: Buffer | undefined;
  #behind: Buffer | undefined;

  /**
   * Offset behind the head at the beginning of `bytes`, when it is like the last one; `last` is that head then,
   * with its own length. −1 when it has to be read.
   */
  match(bytes: Buffer): number {
    const [head, before, behind] = [this.#head, this.#before, this.#behind];
    if (head === undefined || before === undefined || behind === undefined) return -1;
    if (!isAt(bytes, 0, before)) return -1;
    let at = before.length;
    let length = 0;
    for (; at - before.length <= mostDigits; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < digitZero || byte > digitNine) break;
      length = length * 10 + byte - digitZero;
    }
    const digits = at - before.length;
    if (digits === 0 || digits > mostDigits || !isAt(bytes, at, behind)) return -1;
    head.contentLength = length;
    return at + behind.length;
  }

  get last(): HttpHead | undefined {
    return this.#head;
  }

  /**
   * Reads a head and remembers it. The head that was read before may change when the next one matches.
   * @param end offset of the empty line behind the head
   * @returns undefined for a head that is node:http's to read
   */
  read(bytes: Buffer, end: number): HttpHead | undefined {
    const head = readHttpHead(bytes.toString("latin1", 0, end + 2));
    this.#head = undefined;
    if (head === undefined || end > longestKept) return head;
    this.#head = head;
    this.#before = Buffer.from(bytes.subarray(0, head.lengthStart));
    this.#behind = Buffer.from(bytes.subarray(head.lengthEnd, end + 4));
    return head;
  }
}

/** Up to this length a comparison by hand costs less than the way to the native one. */
const shortPart = 32;

function isAt(bytes: Buffer, at: number, part: Buffer): boolean {
  const end = at + part.length;
  if (bytes.length < end) return false;
  if (part.length > shortPart) return bytes.compare(part, 0, part.length, at, end) === 0;
  for (let index = 0; index < part.length; index++) if (bytes[at + index] !== part[index]) return false;
  return true;
}

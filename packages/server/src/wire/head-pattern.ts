const mostDigits = 12;
const digitZero = 0x30;
const digitNine = 0x39;

/**
 * A head that was read, to be known again: the same bytes, but for the digits of its length.
 * Equal bytes read alike, so nothing is judged here but the digits: `1*12DIGIT` of a content-length (RFC 9110 section
 * 8.6). A head that differs anywhere else is read afresh.
 */
export class HeadPattern {
  /** Up to the length's digits, and from behind them on with the empty line. */
  readonly #before: Buffer;
  readonly #behind: Buffer | undefined;
  /** The number that stood in the digits' place when a head matched; −1 where the pattern has none. */
  length = -1;

  /**
   * @param head with the empty line; copied
   * @param digits where those of its length stand, when it has a length
   */
  constructor(head: Buffer, digits: { readonly start: number; readonly end: number } | undefined) {
    this.#before = Buffer.from(head.subarray(0, digits?.start));
    this.#behind = digits === undefined ? undefined : Buffer.from(head.subarray(digits.end));
  }

  /** Offset behind the head at the beginning of `bytes`, when it is like this one; −1 when it has to be read. */
  match(bytes: Buffer): number {
    const [before, behind] = [this.#before, this.#behind];
    if (!isAt(bytes, 0, before)) return -1;
    let at = before.length;
    if (behind === undefined) return at;
    let length = 0;
    for (; at - before.length <= mostDigits; at++) {
      const byte = bytes[at] ?? 0;
      if (byte < digitZero || byte > digitNine) break;
      length = length * 10 + byte - digitZero;
    }
    const digits = at - before.length;
    if (digits === 0 || digits > mostDigits || !isAt(bytes, at, behind)) return -1;
    this.length = length;
    return at + behind.length;
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

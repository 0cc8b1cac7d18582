export const quote = 0x22;
const backslash = 0x5c;
/** Up to this length a walk costs less than the way to the native search. */
const shortString = 16;

/**
 * Offset of the quote that closes a string (RFC 8259 section 7) whose text begins at `from`, or -1. The text is not
 * judged: `json-scan` does that. Short plain ones are walked here.
 */
export function endOfString(bytes: Buffer, from: number, end: number): number {
  const stop = Math.min(end, from + shortString);
  let at = from;
  while (at < stop) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === backslash) break;
    at++;
  }
  return endOfLongString(bytes, at, end);
}

/**
 * The same from any place in the string on. It is searched natively, with a walk after each escaped quote that becomes
 * twice as long each time, so that text full of them stays cheap.
 */
export function endOfLongString(bytes: Buffer, from: number, end: number): number {
  let at = from;
  let walk = bytes[at] === backslash ? shortString : 0;
  for (;;) {
    const stop = Math.min(end, at + walk);
    while (at < stop) {
      const byte = bytes[at];
      if (byte === quote) return at;
      at += byte === backslash ? 2 : 1;
    }
    if (at >= end) return -1;
    const found = bytes.indexOf(quote, at);
    if (found < 0 || found >= end) return -1;
    if (!isEscaped(bytes, found, at)) return found;
    at = found + 1;
    walk = Math.min(2 * walk + shortString, 8192);
  }
}

/** Whether the byte at `position` follows an odd run of backslashes that began at or after `from`. */
function isEscaped(bytes: Buffer, position: number, from: number): boolean {
  let at = position - 1;
  while (at >= from && bytes[at] === backslash) at--;
  return (position - 1 - at) % 2 === 1;
}

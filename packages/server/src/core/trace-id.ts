/**
 * Id of a trace, as four words of 32 bits: every call has one, and few are ever asked for as text.
 * One whose words are all 0 stands for no trace (W3C Trace Context section 3.2.2.3).
 */
export class TraceId {
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;

  // oxlint-disable-next-line max-params -- four words of one number
  constructor(word0: number, word1: number, word2: number, word3: number) {
    this.word0 = word0;
    this.word1 = word1;
    this.word2 = word2;
    this.word3 = word3;
  }

  /** 32 hexadecimal digits. */
  toString(): string {
    return formatWord(this.word0) + formatWord(this.word1) + formatWord(this.word2) + formatWord(this.word3);
  }
}

/** Id of a span, as two words of 32 bits. */
export class SpanId {
  readonly word0: number;
  readonly word1: number;

  constructor(word0: number, word1: number) {
    this.word0 = word0;
    this.word1 = word1;
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return formatWord(this.word0) + formatWord(this.word1);
  }
}

/** @param digits 32 hexadecimal digits */
export function parseTraceId(digits: string): TraceId {
  return new TraceId(
    parseWord(digits, 0),
    parseWord(digits, 8),
    parseWord(digits, 16),
    parseWord(digits, 24),
  );
}

/** @param digits 16 hexadecimal digits */
export function parseSpanId(digits: string): SpanId {
  return new SpanId(parseWord(digits, 0), parseWord(digits, 8));
}

/** Signed, as the operators on bits have it. */
function parseWord(digits: string, at: number): number {
  return Number.parseInt(digits.slice(at, at + 8), 16) | 0;
}

function formatWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

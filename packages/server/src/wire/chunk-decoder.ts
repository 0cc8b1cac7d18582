import { isNameByte, isValueByte } from "./header-name.ts";

const size = 0;
const sizeLineFeed = 1;
const data = 2;
const dataReturn = 3;
const dataLineFeed = 4;
// A chunk's extensions.
const extensionName = 5;
const extensionValue = 6;
const extensionQuoted = 7;
const extensionQuoteEnd = 8;
// The trailer: header lines behind the last chunk, and the empty line.
const lineStart = 9;
const lineName = 10;
const lineValue = 11;
const lineLineFeed = 12;
const lastLineFeed = 13;

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const colon = 0x3a;
const semicolon = 0x3b;
const equalsSign = 0x3d;
const quote = 0x22;
const backslash = 0x5c;

/** Fields that frame a message, and so must not stand behind it (RFC 9110 section 6.5.1), by their first letter. */
const framingFields: ReadonlyMap<number, string> = new Map([
  [0x63, "content-length"],
  [0x74, "transfer-encoding"],
]);
const lowerCase = 0x20;

const mostSizeDigits = 8;
const lineEndBytes = 2;
/** Of the extensions of a chunk, and of the trailer. */
const mostExtraBytes = 8192;

/** The framing of a chunked body is broken. */
export class ChunkFramingError extends Error {}

/**
 * Takes HTTP/1.1 chunk framing off a body (RFC 9112 section 7.1), read by read:
 *
 *     *( 1*8HEXDIG *( ";" token [ "=" ( token / quoted ) ] ) CRLF data CRLF ) 1*8"0" [ extensions ] CRLF
 *     *( token ":" value CRLF ) CRLF
 *
 * Nothing else is taken, neither white space nor a bare CR or LF: two readers that disagree on where a chunk ends
 * can be made to see two different replies.
 * Pieces of one read are moved together in place, so that a read gives at most one payload and no copy is made
 * where the read holds a single chunk.
 */
export class ChunkDecoder {
  #state = size;
  #digits = 0;
  #size = 0;
  #remaining = 0;
  /** Of the extension or header name that is being read; none is empty. */
  #partBytes = 0;
  #extraBytes = 0;
  /** The framing field whose name the trailer's line may have, as far as it was read. */
  #framingField: string | undefined;

  /** Where the payload of the last read stands in it; both are equal when it held framing only. Offsets, since an object for each read would cost more than its framing. */
  payloadStart = 0;
  payloadEnd = 0;

  /**
   * @param read bytes that the decoder may move about, from `from` to `to`
   * @returns offset behind the terminating chunk, or -1 while more is to come
   * @throws ChunkFramingError
   */
  decode(read: Buffer, from: number, to = read.length): number {
    let at = from;
    this.payloadStart = from;
    this.payloadEnd = from;
    while (at < to) {
      const behind = this.#state === size && this.#digits === 0 ? this.#takeWholeChunk(read, at, to) : -1;
      if (behind >= 0) at = behind;
      else if (this.#state === data) {
        const take = Math.min(to - at, this.#remaining);
        this.#takePayload(read, at, at + take);
        at += take;
        this.#remaining -= take;
        if (this.#remaining === 0) this.#state = dataReturn;
      } else if (this.#step(read[at++] ?? 0)) return at;
    }
    return -1;
  }

  /**
   * Takes a chunk that stands whole in the read, as nearly all of a stream do, without a step for each byte.
   * @returns offset behind it, or -1 for whatever is to be judged byte by byte
   */
  #takeWholeChunk(read: Buffer, from: number, to: number): number {
    let at = from;
    let bytes = 0;
    while (at - from < mostSizeDigits) {
      const digit = hexDigit(read[at] ?? 0);
      if (digit < 0) break;
      bytes = bytes * 16 + digit;
      at++;
    }
    const start = at + lineEndBytes;
    const end = start + bytes;
    if (bytes === 0 || end + lineEndBytes > to) return -1;
    if (!isLineEnd(read, at) || !isLineEnd(read, end)) return -1;
    this.#takePayload(read, start, end);
    return end + lineEndBytes;
  }

  #takePayload(read: Buffer, start: number, end: number): void {
    if (this.payloadEnd === this.payloadStart) {
      this.payloadStart = start;
      this.payloadEnd = end;
      return;
    }
    read.copyWithin(this.payloadEnd, start, end);
    this.payloadEnd += end - start;
  }

  /** Takes one byte of framing. Returns true behind the empty line at the end. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case size:
        this.#stepSize(byte);
        return false;
      case sizeLineFeed:
        this.#expect(byte, lineFeed, this.#size === 0 ? lineStart : data);
        this.#remaining = this.#size;
        this.#size = 0;
        this.#digits = 0;
        this.#extraBytes = 0;
        return false;
      case dataReturn:
        this.#expect(byte, carriageReturn, dataLineFeed);
        return false;
      case dataLineFeed:
        this.#expect(byte, lineFeed, size);
        return false;
      case lastLineFeed:
        this.#expect(byte, lineFeed, size);
        return true;
      default:
        if (++this.#extraBytes > mostExtraBytes)
          throw new ChunkFramingError("extensions or trailer too long");
        if (this.#state >= lineStart) this.#stepTrailer(byte);
        else this.#stepExtension(byte);
        return false;
    }
  }

  #expect(byte: number, expected: number, next: number): void {
    if (byte !== expected) throw new ChunkFramingError("a chunk or line that does not end where it should");
    this.#state = next;
  }

  #stepSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > mostSizeDigits) throw new ChunkFramingError("chunk size too long");
      this.#size = this.#size * 16 + digit;
      return;
    }
    if (this.#digits === 0) throw new ChunkFramingError("chunk size missing");
    this.#endPart(byte, "chunk size is not hexadecimal");
  }

  #stepExtension(byte: number): void {
    if (this.#state === extensionQuoted) {
      if (byte === quote) this.#state = extensionQuoteEnd;
      else if (byte === backslash || !isValueByte(byte))
        throw new ChunkFramingError("odd byte between quotes");
      return;
    }
    if (this.#state !== extensionQuoteEnd) {
      if (isNameByte(byte)) {
        this.#partBytes++;
        return;
      }
      if (byte === quote && this.#state === extensionValue && this.#partBytes === 0) {
        this.#state = extensionQuoted;
        return;
      }
      if (this.#partBytes === 0) throw new ChunkFramingError("empty chunk extension");
      if (byte === equalsSign && this.#state === extensionName) {
        this.#partBytes = 0;
        this.#state = extensionValue;
        return;
      }
    }
    this.#endPart(byte, "odd byte in a chunk extension");
  }

  /** What follows a size or an extension: another extension, or the end of the line. */
  #endPart(byte: number, problem: string): void {
    if (byte === carriageReturn) this.#state = sizeLineFeed;
    else if (byte === semicolon) this.#state = extensionName;
    else throw new ChunkFramingError(problem);
    this.#partBytes = 0;
  }

  #stepTrailer(byte: number): void {
    switch (this.#state) {
      case lineStart:
        if (byte === carriageReturn) this.#state = lastLineFeed;
        else if (isNameByte(byte)) this.#beginName(byte);
        else throw new ChunkFramingError("a trailer line that is not a header");
        return;
      case lineName:
        if (byte === colon) this.#endName();
        else if (isNameByte(byte)) this.#noteNameByte(byte);
        else throw new ChunkFramingError("a trailer line that is not a header");
        return;
      case lineValue:
        if (byte === carriageReturn) this.#state = lineLineFeed;
        else if (!isValueByte(byte)) throw new ChunkFramingError("a control character in the trailer");
        return;
      default:
        this.#expect(byte, lineFeed, lineStart);
    }
  }

  #beginName(byte: number): void {
    this.#state = lineName;
    this.#partBytes = 1;
    this.#framingField = framingFields.get(byte | lowerCase);
  }

  #noteNameByte(byte: number): void {
    // The bit makes a letter a small one, and leaves a hyphen as it is.
    const isLike = this.#framingField?.charCodeAt(this.#partBytes++) === (byte | lowerCase);
    if (!isLike) this.#framingField = undefined;
  }

  #endName(): void {
    if (this.#framingField?.length === this.#partBytes)
      throw new ChunkFramingError("a trailer that frames the message anew");
    this.#state = lineValue;
  }
}

function isLineEnd(read: Buffer, at: number): boolean {
  return read[at] === carriageReturn && read[at + 1] === lineFeed;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

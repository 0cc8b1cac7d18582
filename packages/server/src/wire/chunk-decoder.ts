/** What one read of a chunked body came to. */
export interface DecodedChunks {
  /** The payload, or undefined when the read held framing only. */
  readonly payload: Buffer | undefined;
  /** Offset behind the terminating chunk, or -1 while more is to come. */
  readonly end: number;
}

const size = 0;
const extension = 1;
const sizeLineFeed = 2;
const data = 3;
const dataReturn = 4;
const dataLineFeed = 5;
const trailer = 6;

const mostSizeDigits = 8;
const mostTrailerBytes = 8192;

/** The framing of a chunked body is broken. */
export class ChunkFramingError extends Error {}

/**
 * Takes HTTP/1.1 chunk framing off a body (RFC 9112 section 7.1), read by read.
 * Pieces of one read are moved together in place, so that a read gives at most one payload and no copy is made
 * where the read holds a single chunk.
 */
export class ChunkDecoder {
  #state = size;
  #digits = 0;
  #size = 0;
  #remaining = 0;
  #trailerBytes = 0;
  #lineBytes = 0;

  /**
   * @param read bytes that the decoder may move about
   * @throws ChunkFramingError
   */
  decode(read: Buffer, from: number): DecodedChunks {
    let at = from;
    let payloadStart = -1;
    let payloadEnd = 0;
    const length = read.length;
    while (at < length) {
      if (this.#state === data) {
        const take = Math.min(length - at, this.#remaining);
        if (payloadStart < 0) {
          payloadStart = at;
          payloadEnd = at + take;
        } else {
          read.copyWithin(payloadEnd, at, at + take);
          payloadEnd += take;
        }
        at += take;
        this.#remaining -= take;
        if (this.#remaining === 0) this.#state = dataReturn;
        continue;
      }
      const isEnd = this.#step(read[at] ?? 0);
      at++;
      if (isEnd) return { payload: slice(read, payloadStart, payloadEnd), end: at };
    }
    return { payload: slice(read, payloadStart, payloadEnd), end: -1 };
  }

  /** Takes one byte of framing. Returns true behind the last chunk's trailer. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case size:
        this.#stepSize(byte);
        return false;
      case extension:
        if (byte === 0x0d) this.#state = sizeLineFeed;
        else if (++this.#lineBytes > mostTrailerBytes)
          throw new ChunkFramingError("chunk extension too long");
        return false;
      case sizeLineFeed:
        if (byte !== 0x0a) throw new ChunkFramingError("chunk size without line feed");
        this.#remaining = this.#size;
        this.#state = this.#size === 0 ? trailer : data;
        this.#size = 0;
        this.#digits = 0;
        this.#lineBytes = 0;
        return false;
      case dataReturn:
        if (byte !== 0x0d) throw new ChunkFramingError("chunk longer than its size");
        this.#state = dataLineFeed;
        return false;
      case dataLineFeed:
        if (byte !== 0x0a) throw new ChunkFramingError("chunk end without line feed");
        this.#state = size;
        return false;
      default:
        return this.#stepTrailer(byte);
    }
  }

  #stepSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > mostSizeDigits) throw new ChunkFramingError("chunk size too long");
      this.#size = this.#size * 16 + digit;
      return;
    }
    if (this.#digits === 0) throw new ChunkFramingError("chunk size missing");
    if (byte === 0x0d) this.#state = sizeLineFeed;
    else if (byte === 0x3b || byte === 0x20 || byte === 0x09) this.#state = extension;
    else throw new ChunkFramingError("chunk size is not hexadecimal");
  }

  #stepTrailer(byte: number): boolean {
    if (byte === 0x0a) {
      if (this.#lineBytes === 0) return true;
      this.#lineBytes = 0;
      return false;
    }
    if (++this.#trailerBytes > mostTrailerBytes) throw new ChunkFramingError("trailer too long");
    if (byte !== 0x0d) this.#lineBytes++;
    return false;
  }
}

function slice(read: Buffer, start: number, end: number): Buffer | undefined {
  return start < 0 || end === start ? undefined : read.subarray(start, end);
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

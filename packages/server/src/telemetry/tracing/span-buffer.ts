import type { SpanId, TraceId } from "../../core/trace-id.ts";
import { pieceBytes, SpanPieces } from "./span-pieces.ts";
import type { AttributeValue, EncodedSpans, SpanHead, SpanKind } from "./span.ts";

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, client: 3 };
const errorStatus = 2;

/** A span's length is written when its end is known: room for one of 256 MiB is kept, as a padded number. */
const lengthBytes = 4;
/** Lengths below this take one byte. */
const oneByte = 0x80;
/** Ids, times, kind and flags, with their tags. */
const headBytes = 80;
const longestVarint = 10;
const wordRange = 0x1_0000_0000;

/** A name as the bytes that stand for it in every span. @param tag of the field that it is put in */
function encodeName(tag: number, name: string): Uint8Array {
  const text = Buffer.from(name);
  return Uint8Array.from([tag, text.length, ...text]);
}

/** The name of an attribute, of 100 characters at most, made once for all spans. */
export function encodeKey(name: string): Uint8Array {
  return encodeName(0x0a, name);
}

/** The name of an event, of 100 characters at most, made once for all spans. */
export function encodeEventName(name: string): Uint8Array {
  return encodeName(0x12, name);
}

/**
 * Writes spans as OTLP has them (`opentelemetry.proto.trace.v1.Span`), one behind the other, without an object or a text
 * for any part of them: where every call is kept, this is nearly all that tracing costs.
 * A span is written from `begin` to `end`, with nothing else in between.
 */
export class SpanBuffer {
  readonly #pieces: SpanPieces;
  #bytes: Buffer;
  #at = 0;
  #count = 0;
  /** Where the length of the span is that is being written. */
  #lengthAt = 0;

  /** @param pieces where memory comes from; default some of its own */
  constructor(pieces: SpanPieces = new SpanPieces()) {
    this.#pieces = pieces;
    this.#bytes = pieces.take();
  }

  /** How much waits to be taken. */
  get size(): number {
    return this.#at;
  }

  /**
   * Hands out the spans so far, and begins anew. Their memory is to be given back to the pieces. Where they are few it
   * is a copy, so that a hundred small ones that wait for a collector do not hold a hundred pieces.
   */
  take(): EncodedSpans {
    const bytes = this.#bytes.subarray(0, this.#at);
    const count = this.#count;
    const isCopied = this.#at < pieceBytes / 2;
    this.#at = 0;
    this.#count = 0;
    if (isCopied) return { bytes: Uint8Array.prototype.slice.call(bytes), count };
    this.#bytes = this.#pieces.take();
    return { bytes, count };
  }

  begin({ traceId, spanId, parentSpanId, kind, startMs, endMs }: SpanHead): void {
    this.#reserve(headBytes);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at] = 0x12;
    this.#lengthAt = at + 1;
    at = putTraceId(bytes, at + 1 + lengthBytes, traceId);
    at = putSpanId(bytes, at, 0x12, spanId);
    if (parentSpanId !== undefined) at = putSpanId(bytes, at, 0x22, parentSpanId);
    bytes[at++] = 0x30;
    bytes[at++] = kinds[kind];
    at = putTime(bytes, at, 0x39, startMs);
    at = putTime(bytes, at, 0x41, endMs);
    // What is exported is kept, say the flags of W3C Trace Context.
    bytes[at++] = 0x85;
    bytes[at++] = 0x01;
    this.#at = putWord(bytes, at, 1);
  }

  /** What the span is called. */
  name(value: string): void {
    this.#text(0x2a, value);
  }

  /** A name and attributes that were encoded before: see `SharedPart`. */
  part(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** @param key of `encodeKey` */
  text(key: Uint8Array, value: string): void {
    if (!this.#shortText(key, value)) this.#longText(key, value);
  }

  /** @param key of `encodeKey` */
  number(key: Uint8Array, value: number): void {
    this.#reserve(key.length + longestVarint + 8);
    const isWhole = Number.isSafeInteger(value) && value >= 0;
    const size = isWhole ? 1 + varintSize(value) : 9;
    this.#openShort(key, size);
    if (isWhole) {
      this.#byte(0x18);
      this.#varint(value);
      return;
    }
    this.#byte(0x21);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** @param key of `encodeKey` */
  boolean(key: Uint8Array, value: boolean): void {
    this.#reserve(key.length + longestVarint);
    this.#openShort(key, 2);
    this.#byte(0x10);
    this.#byte(value ? 1 : 0);
  }

  /** @param key of `encodeKey` */
  list(key: Uint8Array, values: readonly string[]): void {
    const sizes = values.map((value) => Buffer.byteLength(value));
    const members = sizes.map((size) => sizeOfField(sizeOfField(size)));
    const listSize = members.reduce((sum, size) => sum + size, 0);
    this.#openLong(key, sizeOfField(listSize));
    this.#byte(0x2a);
    this.#varint(listSize);
    for (const [index, value] of values.entries()) {
      const size = sizes[index] ?? 0;
      this.#reserve(size + 4 * longestVarint);
      this.#byte(0x0a);
      this.#varint(sizeOfField(size));
      this.#byte(0x0a);
      this.#varint(size);
      this.#at += this.#bytes.write(value, this.#at, "utf8");
    }
  }

  /** An attribute of any type, for what is not written for every call. */
  attribute(name: string, value: AttributeValue): void {
    const key = encodeKey(name);
    if (typeof value === "string") this.text(key, value);
    else if (typeof value === "number") this.number(key, value);
    else if (typeof value === "boolean") this.boolean(key, value);
    else this.list(key, value);
  }

  /**
   * Something that happened at one moment of the span.
   * @param name of `encodeEventName`
   * @param atMs Unix time in milliseconds, with fractions
   */
  event(name: Uint8Array, atMs: number): void {
    this.#reserve(name.length + 16);
    this.#byte(0x5a);
    this.#byte(9 + name.length);
    this.#at = putTime(this.#bytes, this.#at, 0x09, atMs);
    this.#copy(name);
  }

  /** @param error what went wrong, for a person; undefined when nothing did */
  end(error: string | undefined): void {
    if (error !== undefined) {
      const size = Buffer.byteLength(error);
      this.#reserve(size + 4 * longestVarint);
      this.#byte(0x7a);
      this.#varint(sizeOfField(size) + 2);
      this.#text(0x12, error);
      this.#byte(0x18);
      this.#byte(errorStatus);
    }
    let rest = this.#at - this.#lengthAt - lengthBytes;
    for (let index = 0; index < lengthBytes; index++) {
      this.#bytes[this.#lengthAt + index] = (rest & 0x7f) | (index === lengthBytes - 1 ? 0 : 0x80);
      rest >>>= 7;
    }
    this.#count++;
  }

  /** The whole attribute, when it is ASCII and fits into lengths of one byte; else false, and nothing is written. */
  #shortText(key: Uint8Array, value: string): boolean {
    const { length } = value;
    const size = key.length + length + 4;
    if (size >= oneByte) return false;
    this.#reserve(size + 2);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = 0x4a;
    bytes[at++] = size;
    for (let index = 0; index < key.length; index++) bytes[at++] = key[index] ?? 0;
    bytes[at++] = 0x12;
    bytes[at++] = length + 2;
    bytes[at++] = 0x0a;
    bytes[at++] = length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code >= oneByte) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #longText(key: Uint8Array, value: string): void {
    const size = Buffer.byteLength(value);
    this.#openLong(key, sizeOfField(size));
    this.#text(0x0a, value);
  }

  /** Begins an attribute whose value takes so many bytes, fewer than 20. */
  #openShort(key: Uint8Array, valueSize: number): void {
    this.#byte(0x4a);
    this.#byte(key.length + 2 + valueSize);
    this.#copy(key);
    this.#byte(0x12);
    this.#byte(valueSize);
  }

  #openLong(key: Uint8Array, valueSize: number): void {
    this.#reserve(key.length + valueSize + 4 * longestVarint);
    this.#byte(0x4a);
    this.#varint(key.length + sizeOfField(valueSize));
    this.#copy(key);
    this.#byte(0x12);
    this.#varint(valueSize);
  }

  #text(tag: number, value: string): void {
    const size = Buffer.byteLength(value);
    this.#reserve(size + longestVarint + 1);
    this.#byte(tag);
    this.#varint(size);
    this.#at += this.#bytes.write(value, this.#at, "utf8");
  }

  #copy(from: Uint8Array): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < from.length; index++) bytes[at++] = from[index] ?? 0;
    this.#at = at;
  }

  #byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= oneByte) {
      this.#bytes[this.#at++] = (rest % oneByte) | oneByte;
      rest = Math.floor(rest / oneByte);
    }
    this.#bytes[this.#at++] = rest;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + size));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#pieces.give(this.#bytes);
    this.#bytes = larger;
  }
}

function putTraceId(bytes: Buffer, at: number, { word0, word1, word2, word3 }: TraceId): number {
  bytes[at] = 0x0a;
  bytes[at + 1] = 16;
  putBigEndian(bytes, at + 2, word0);
  putBigEndian(bytes, at + 6, word1);
  putBigEndian(bytes, at + 10, word2);
  putBigEndian(bytes, at + 14, word3);
  return at + 18;
}

// oxlint-disable-next-line max-params -- three times for every span: an object each would cost more than the bytes
function putSpanId(bytes: Buffer, at: number, tag: number, { word0, word1 }: SpanId): number {
  bytes[at] = tag;
  bytes[at + 1] = 8;
  putBigEndian(bytes, at + 2, word0);
  putBigEndian(bytes, at + 6, word1);
  return at + 10;
}

function putBigEndian(bytes: Buffer, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/** A moment as nanoseconds in 64 bits, reckoned in two halves: a bigint for each would cost more than all the rest. */
// oxlint-disable-next-line max-params -- as above
function putTime(bytes: Buffer, at: number, tag: number, ms: number): number {
  const micros = Math.round(ms * 1_000);
  const high = Math.floor(micros / wordRange);
  const low = (micros - high * wordRange) * 1_000;
  const carry = Math.floor(low / wordRange);
  bytes[at] = tag;
  putWord(bytes, at + 1, low - carry * wordRange);
  return putWord(bytes, at + 5, high * 1_000 + carry);
}

function putWord(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= oneByte; rest = Math.floor(rest / oneByte)) size++;
  return size;
}

/** Of a field with a length, with its tag. */
function sizeOfField(size: number): number {
  return 1 + varintSize(size) + size;
}

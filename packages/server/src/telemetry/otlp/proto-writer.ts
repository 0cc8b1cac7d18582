import type { Json, JsonObject } from "@llm-platform/kit";

/** Wire types of Protocol Buffers. */
const varint = 0;
const eightBytes = 1;
const lengthDelimited = 2;

/** A nested message's length is written when its end is known: room for one of 256 MiB is kept, as a padded number. */
const lengthBytes = 4;
const longestVarint = 10;
const firstCapacity = 16 * 1024;
/** Up to this length a text is written by hand, at a fraction of what the way to the native writer costs. */
const shortText = 96;

/**
 * Writes Protocol Buffers from front to back into one piece of memory. Unlike writers that first build the inner message
 * and then copy it, it copies nothing: an export has thousands of small messages in one another.
 */
export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(firstCapacity);
  #length = 0;

  /** Begins anew, in the same memory. */
  reset(): void {
    this.#length = 0;
  }

  /** What was written so far. It shares the writer's memory. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  message(field: number, write: () => void): void {
    const start = this.#open(field);
    write();
    this.#close(start);
  }

  text(field: number, value: string): void {
    this.#tag(field, lengthDelimited);
    this.#reserve(value.length + 1);
    if (value.length <= shortText && this.#writeAscii(value)) return;
    const size = Buffer.byteLength(value);
    this.#varint(size);
    this.#reserve(size);
    this.#length += this.#bytes.write(value, this.#length, "utf8");
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, lengthDelimited);
    this.#varint(value.length);
    this.encoded(value);
  }

  /** Whole fields, encoded elsewhere. */
  encoded(fields: Uint8Array): void {
    this.#reserve(fields.length);
    this.#bytes.set(fields, this.#length);
    this.#length += fields.length;
  }

  /** A whole number from 0 to 2^53. */
  uint(field: number, value: number): void {
    this.#tag(field, varint);
    this.#varint(value);
  }

  double(field: number, value: number): void {
    this.#tag(field, eightBytes);
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, eightBytes);
    this.#reserve(8);
    this.#length = this.#bytes.writeBigUInt64LE(value, this.#length);
  }

  /** A moment as nanoseconds. @param ms Unix time in milliseconds, with fractions */
  time(field: number, ms: number): void {
    this.fixed64(field, BigInt(Math.round(ms * 1_000)) * 1_000n);
  }

  /** `KeyValue` of OTLP. A value that is undefined is left out. */
  attribute(field: number, key: string, value: Json | undefined): void {
    if (value === undefined) return;
    const start = this.#open(field);
    this.text(1, key);
    this.anyValue(2, value);
    this.#close(start);
  }

  /** `AnyValue` of OTLP: an empty one for null. */
  anyValue(field: number, value: Json): void {
    const start = this.#open(field);
    if (typeof value === "string") this.text(1, value);
    else if (typeof value === "boolean") this.uint(2, value ? 1 : 0);
    else if (typeof value === "number") this.#number(value);
    else if (value !== null) this.#members(value);
    this.#close(start);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0) this.uint(3, value);
    else this.double(4, value);
  }

  #members(value: readonly Json[] | JsonObject): void {
    const start = this.#open(isList(value) ? 5 : 6);
    if (isList(value)) for (const each of value) this.anyValue(1, each);
    else for (const [key, each] of Object.entries(value)) this.attribute(1, key, each);
    this.#close(start);
  }

  /** Begins a nested message; the result is for its end. */
  #open(field: number): number {
    this.#tag(field, lengthDelimited);
    this.#reserve(lengthBytes);
    const start = this.#length;
    this.#length += lengthBytes;
    return start;
  }

  #close(start: number): void {
    let rest = this.#length - start - lengthBytes;
    for (let index = 0; index < lengthBytes; index++) {
      const isLast = index === lengthBytes - 1;
      this.#bytes[start + index] = (rest & 0x7f) | (isLast ? 0 : 0x80);
      rest >>>= 7;
    }
  }

  /** Length and characters of a short text; false, and nothing written, for one that is more than ASCII. */
  #writeAscii(value: string): boolean {
    const bytes = this.#bytes;
    const start = this.#length + 1;
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at);
      if (code >= 0x80) return false;
      bytes[start + at] = code;
    }
    bytes[this.#length] = value.length;
    this.#length = start + value.length;
    return true;
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    this.#reserve(longestVarint);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}

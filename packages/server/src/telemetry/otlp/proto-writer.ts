import type { AttributeValue } from "../tracing/span.ts";

/** Wire types of Protocol Buffers. */
const varint = 0;
const eightBytes = 1;
const lengthDelimited = 2;
const fourBytes = 5;

/** A nested message's length is written when its end is known: room for one of 256 MiB is kept, as a padded number. */
const lengthBytes = 4;
const firstCapacity = 16 * 1024;

/**
 * Writes Protocol Buffers from front to back into one piece of memory. Unlike writers that first build the inner message
 * and then copy it, it copies nothing: an export has thousands of small messages in one another.
 */
export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(firstCapacity);
  #length = 0;

  /** What was written so far. It shares the writer's memory. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  message(field: number, write: () => void): void {
    this.#tag(field, lengthDelimited);
    this.#reserve(lengthBytes);
    const start = this.#length;
    this.#length += lengthBytes;
    write();
    this.#padLength(start, this.#length - start - lengthBytes);
  }

  text(field: number, value: string): void {
    const size = Buffer.byteLength(value);
    this.#tag(field, lengthDelimited);
    this.#varint(size);
    this.#reserve(size);
    this.#length += this.#bytes.write(value, this.#length, "utf8");
  }

  /** @param digits hexadecimal, two for each byte */
  hexBytes(field: number, digits: string): void {
    const size = digits.length / 2;
    this.#tag(field, lengthDelimited);
    this.#varint(size);
    this.#reserve(size);
    this.#length += this.#bytes.write(digits, this.#length, "hex");
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

  fixed32(field: number, value: number): void {
    this.#tag(field, fourBytes);
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
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
  attribute(field: number, key: string, value: AttributeValue | undefined): void {
    if (value === undefined) return;
    this.message(field, () => {
      this.text(1, key);
      this.anyValue(2, value);
    });
  }

  /** `AnyValue` of OTLP. */
  anyValue(field: number, value: AttributeValue): void {
    this.message(field, () => {
      if (typeof value === "string") this.text(1, value);
      else if (typeof value === "boolean") this.uint(2, value ? 1 : 0);
      else if (typeof value !== "number")
        this.message(5, () => {
          for (const each of value) this.anyValue(1, each);
        });
      else if (Number.isSafeInteger(value) && value >= 0) this.uint(3, value);
      else this.double(4, value);
    });
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  #padLength(at: number, value: number): void {
    let rest = value;
    for (let index = 0; index < lengthBytes; index++) {
      const isLast = index === lengthBytes - 1;
      this.#bytes[at + index] = (rest & 0x7f) | (isLast ? 0 : 0x80);
      rest >>>= 7;
    }
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

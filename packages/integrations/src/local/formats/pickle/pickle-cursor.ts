import type { ByteSource } from "../byte-source.ts";
import { FormatProblem } from "../format-problem.ts";

const windowBytes = 256 * 1024;
const maxTextBytes = 16 * 1024 * 1024;
const newline = 0x0a;
/** Lines are looked for in pieces of this size. */
const lineBytes = 512;

/** Reads a source from front to back. */
export class PickleCursor {
  readonly #source: ByteSource;
  #window: Uint8Array = new Uint8Array();
  #windowStart = 0;
  #at: number;

  constructor(source: ByteSource, at: number) {
    this.#source = source;
    this.#at = at;
  }

  get offset(): number {
    return this.#at;
  }

  u8(): number {
    const place = this.#at - this.#windowStart;
    const byte = place >= 0 ? this.#window[place] : undefined;
    if (byte === undefined) return this.#view(1).getUint8(0);
    this.#at += 1;
    return byte;
  }

  u16(): number {
    return this.#view(2).getUint16(0, true);
  }

  i32(): number {
    return this.#view(4).getInt32(0, true);
  }

  u32(): number {
    return this.#view(4).getUint32(0, true);
  }

  u64(): number {
    const value = this.#view(8).getBigUint64(0, true);
    if (value > BigInt(this.#source.sizeBytes))
      throw new FormatProblem("corrupt", "its pickle claims more bytes than it has");
    return Number(value);
  }

  f64(): number {
    return this.#view(8).getFloat64(0, false);
  }

  /** A copy. */
  bytes(length: number): Uint8Array {
    if (length < 0) throw new FormatProblem("corrupt", `its pickle claims a text of ${length} bytes`);
    if (length > maxTextBytes)
      throw new FormatProblem(
        "unsupported",
        `its pickle holds a text of ${length} bytes, too long to look into`,
      );
    return this.#take(length).slice();
  }

  text(length: number): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes(length));
  }

  /** Goes on without looking. Throws FormatProblem `corrupt` beyond the end. */
  skip(length: number): void {
    if (length > this.#source.sizeBytes - this.#at) throw new FormatProblem("corrupt", "its pickle is cut");
    this.#at += length;
  }

  /** Up to the end of the line, which is passed. */
  line(): string {
    const start = this.#at;
    let length = -1;
    while (length < 0) {
      if (this.#at - start > maxTextBytes)
        throw new FormatProblem("unsupported", "its pickle holds a line too long to look into");
      const left = this.#source.sizeBytes - this.#at;
      const piece = this.#take(Math.max(1, Math.min(left, lineBytes)));
      const found = piece.indexOf(newline);
      if (found >= 0) length = this.#at - piece.length + found - start;
    }
    this.#at = start;
    const line = this.text(length);
    this.#at += 1;
    return line;
  }

  #view(length: number): DataView {
    const bytes = this.#take(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  #take(length: number): Uint8Array {
    const at = this.#at;
    const isInWindow = at >= this.#windowStart && at + length <= this.#windowStart + this.#window.length;
    if (!isInWindow) {
      const left = this.#source.sizeBytes - at;
      if (length > left) throw new FormatProblem("corrupt", "its pickle is cut");
      this.#window = this.#source.read(at, Math.min(left, Math.max(length, windowBytes)));
      this.#windowStart = at;
    }
    this.#at += length;
    return this.#window.subarray(at - this.#windowStart, at - this.#windowStart + length);
  }
}

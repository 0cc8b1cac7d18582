import type { HuffmanDecoder } from "./hpack-huffman.ts";
import { staticFields } from "./hpack-static-table.ts";
import { Http2Error, http2Codes } from "./http2-error.ts";

type Field = readonly [name: string, value: string];

/** What a peer's encoder may have this side remember, as both begin (RFC 9113 section 6.5.2). */
const tableBytes = 4_096;
/** What a field takes beside its text (RFC 7541 section 4.1). */
const fieldOverhead = 32;
const mostIntegerBytes = 5;

/** Reads the header blocks of one connection, in their order (RFC 7541). */
export class HpackDecoder {
  readonly #huffman: HuffmanDecoder;
  readonly #mostBytes: number;
  /** The youngest last. */
  #table: Field[] = [];
  #tableBytes = 0;
  #tableLimit = tableBytes;
  /** How often a block has changed the table: the same bytes say the same as long as this stays. */
  changes = 0;
  #at = 0;

  /** @param mostBytes of the fields of one block, each counted with its overhead */
  constructor(huffman: HuffmanDecoder, mostBytes: number) {
    this.#huffman = huffman;
    this.#mostBytes = mostBytes;
  }

  /** Throws Http2Error; then nothing more can be read on this connection. */
  decode(block: Buffer): readonly Field[] {
    const fields: Field[] = [];
    let bytes = 0;
    this.#at = 0;
    while (this.#at < block.length) {
      const field = this.#readField(block, fields.length === 0);
      if (field === undefined) continue;
      bytes += sizeOf(field);
      if (bytes > this.#mostBytes)
        throw new Http2Error(http2Codes.ENHANCE_YOUR_CALM, "the headers are larger than they may be");
      fields.push(field);
    }
    return fields;
  }

  /** Undefined for what only changes the table. */
  #readField(block: Buffer, isFirst: boolean): Field | undefined {
    const first = block[this.#at] ?? 0;
    if (first >= 0x80) return this.#fieldAt(this.#readInteger(block, 7));
    if (first >= 0x40) {
      const field = this.#readLiteral(block, 6);
      this.#remember(field);
      this.changes++;
      return field;
    }
    if (first < 0x20) return this.#readLiteral(block, 4);
    const limit = this.#readInteger(block, 5);
    if (!isFirst || limit > tableBytes) throw broken("the size of the table");
    this.changes++;
    this.#tableLimit = limit;
    this.#shrinkTo(limit);
    return undefined;
  }

  #readLiteral(block: Buffer, prefixBits: number): Field {
    const index = this.#readInteger(block, prefixBits);
    const name = index === 0 ? this.#readText(block) : this.#fieldAt(index)[0];
    return [name, this.#readText(block)];
  }

  #fieldAt(index: number): Field {
    const field =
      index <= staticFields.length
        ? staticFields[index - 1]
        : this.#table[this.#table.length - (index - staticFields.length)];
    if (field === undefined) throw broken("an index");
    return field;
  }

  #readText(block: Buffer): string {
    const isHuffman = ((block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#readInteger(block, 7);
    const from = this.#at;
    const to = from + length;
    if (to > block.length) throw broken("a length");
    this.#at = to;
    return isHuffman ? this.#huffman.decode(block, from, to) : block.toString("latin1", from, to);
  }

  #readInteger(block: Buffer, prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    const start = this.#at;
    let value = (block[this.#at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = block[this.#at++];
      if (byte === undefined || this.#at - start > mostIntegerBytes) throw broken("a number");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  #remember(field: Field): void {
    const size = sizeOf(field);
    this.#shrinkTo(Math.max(0, this.#tableLimit - size));
    if (size > this.#tableLimit) return;
    this.#table.push(field);
    this.#tableBytes += size;
  }

  #shrinkTo(bytes: number): void {
    let oldest = 0;
    while (this.#tableBytes > bytes) {
      const field = this.#table[oldest++];
      this.#tableBytes -= field === undefined ? this.#tableBytes : sizeOf(field);
    }
    if (oldest > 0) this.#table = this.#table.slice(oldest);
  }
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + fieldOverhead;
}

function broken(what: string): Http2Error {
  return new Http2Error(http2Codes.COMPRESSION_ERROR, `${what} in a header block is wrong`);
}

import { bodyBuffer } from "./body-buffer.ts";

/**
 * A body of a known length (RFC 9112 section 6.2) that does not get all its memory before it has shown that it comes.
 * What comes behind it belongs to the next request and is left to the caller.
 */
export class GrowingBody {
  readonly #length: number;
  #bytes: Buffer;
  #have = 0;

  /** @param length in bytes, at least 1 */
  constructor(length: number) {
    this.#length = length;
    this.#bytes = bodyBuffer(Math.min(length, largestFirstBytes));
  }

  get isWhole(): boolean {
    return this.#have === this.#length;
  }

  /** Takes what belongs to the body and returns how much that was. */
  add(read: Buffer): number {
    const take = Math.min(read.length, this.#length - this.#have);
    if (this.#have + take > this.#bytes.length) this.#grow(this.#have + take);
    read.copy(this.#bytes, this.#have, 0, take);
    this.#have += take;
    return take;
  }

  take(): Buffer {
    return this.#bytes;
  }

  #grow(atLeast: number): void {
    const larger = bodyBuffer(Math.min(this.#length, Math.max(atLeast, 2 * this.#bytes.length)));
    this.#bytes.copy(larger, 0, 0, this.#have);
    this.#bytes = larger;
  }
}

/** A body up to this size is one allocation. */
const largestFirstBytes = 1024 * 1024;

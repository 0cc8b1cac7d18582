/** Bytes of an unfinished line, event or body, joined only when they are needed. What they mean is the reader's to know. */
export class PendingBytes {
  /** Mostly there is one piece: a list is made for the second. */
  #first: Buffer | undefined;
  #pieces: Buffer[] | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    if (this.#first === undefined) this.#first = chunk;
    else if (this.#pieces === undefined) this.#pieces = [this.#first, chunk];
    else this.#pieces.push(chunk);
    this.#length += chunk.length;
  }

  /** Everything held with `chunk` behind it; holds nothing afterwards. */
  take(chunk?: Buffer): Buffer {
    if (this.#length === 0) return chunk ?? Buffer.alloc(0);
    if (chunk !== undefined) this.add(chunk);
    const joined = this.#pieces === undefined ? this.#first : Buffer.concat(this.#pieces);
    this.#first = undefined;
    this.#pieces = undefined;
    this.#length = 0;
    return joined ?? Buffer.alloc(0);
  }
}

/** Bytes of an unfinished line, event or body, joined only when they are needed. What they mean is the reader's to know. */
export class PendingBytes {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** Everything held with `chunk` behind it; holds nothing afterwards. */
  take(chunk?: Buffer): Buffer {
    if (this.#length === 0) return chunk ?? Buffer.alloc(0);
    if (chunk !== undefined) this.#chunks.push(chunk);
    const [first] = this.#chunks;
    const joined = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#length = 0;
    return joined;
  }
}

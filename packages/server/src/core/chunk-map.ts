/** A run of bytes, `until` not included. */
export interface ByteRun {
  readonly from: number;
  readonly until: number;
}

/** Which chunks of a file are there, and which are being fetched. Chunks are numbered from 0; the last may be short. */
export class ChunkMap {
  readonly #sizeBytes: number;
  readonly #chunkBytes: number;
  readonly #done: Uint8Array;
  readonly #taken: Uint8Array;
  #prefix = 0;
  #completedBytes = 0;
  #missing: number;

  constructor(sizeBytes: number, chunkBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#chunkBytes = chunkBytes;
    const count = Math.ceil(sizeBytes / chunkBytes);
    this.#done = new Uint8Array(count);
    this.#taken = new Uint8Array(count);
    this.#missing = count;
  }

  /** Bytes of all chunks that are there. */
  get completedBytes(): number {
    return this.#completedBytes;
  }

  /** Bytes that are there without a gap from the beginning. */
  get prefixBytes(): number {
    return Math.min(this.#prefix * this.#chunkBytes, this.#sizeBytes);
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Notes that a chunk is there. A number that no chunk has, or one that was noted already, means nothing. */
  note(chunk: number): void {
    if (!(chunk >= 0 && chunk < this.#done.length) || this.#done[chunk] === 1) return;
    this.#done[chunk] = 1;
    this.#missing--;
    this.#completedBytes += this.#bytesOf(chunk);
    while (this.#done[this.#prefix] === 1) this.#prefix++;
  }

  /**
   * Takes the first missing chunks that nobody fetches, one after the other without a gap.
   * @param mostChunks the run is no longer than that
   * @returns undefined when there are none
   */
  take(mostChunks: number): ByteRun | undefined {
    let first = this.#prefix;
    while (first < this.#done.length && !this.#isFree(first)) first++;
    if (first >= this.#done.length) return undefined;
    let end = first;
    while (end < this.#done.length && end - first < mostChunks && this.#isFree(end)) this.#taken[end++] = 1;
    return {
      from: first * this.#chunkBytes,
      until: Math.min(end * this.#chunkBytes, this.#sizeBytes),
    };
  }

  /** Chunks that are missing and nobody fetches. */
  get freeChunks(): number {
    let free = 0;
    for (let chunk = this.#prefix; chunk < this.#done.length; chunk++) if (this.#isFree(chunk)) free++;
    return free;
  }

  #isFree(chunk: number): boolean {
    return this.#done[chunk] === 0 && this.#taken[chunk] === 0;
  }

  #bytesOf(chunk: number): number {
    return Math.min(this.#chunkBytes, this.#sizeBytes - chunk * this.#chunkBytes);
  }
}

/** Memory of one chunk each that goes round among the connections of a download: as much of it as is made, whatever the file's size. */
export interface ChunkBuffers {
  /** One that nobody uses, or a promise for the next that is given back. */
  take(): Uint8Array | Promise<Uint8Array>;
  give(buffer: Uint8Array): void;
}

export function createChunkBuffers(count: number, bytes: number): ChunkBuffers {
  const free: Uint8Array[] = [];
  const waiting: ((buffer: Uint8Array) => void)[] = [];
  let made = 0;
  return {
    take() {
      const known = free.pop();
      if (known !== undefined) return known;
      if (made >= count) return new Promise((resolve) => waiting.push(resolve));
      made++;
      return Buffer.allocUnsafeSlow(bytes);
    },
    give(buffer) {
      const next = waiting.shift();
      if (next === undefined) free.push(buffer);
      else next(buffer);
    },
  };
}

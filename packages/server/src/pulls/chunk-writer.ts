import type { ByteRun } from "../core/chunk-map.ts";
import { chunkBytes, type PartFile } from "./part-file.ts";

/** Gathers the bytes of a run into chunks, writes each as one, and notes it. */
export interface ChunkWriter {
  /** Where the next byte of the source goes. */
  readonly position: number;
  /**
   * Copies the next bytes, which must lie in the run. Undefined when there is room for more at once, else a promise for that.
   * Throws or rejects with PlatformError when the disk took an earlier chunk badly.
   */
  push(piece: Uint8Array): Promise<void> | undefined;
  /** Resolves when each chunk that was full is written and noted. Rejects as `push` does. */
  settled(): Promise<void>;
}

/**
 * Bytes are copied into one buffer that stays: pieces that are held until a chunk is whole grow old, and collecting them
 * costs more than all the rest. While it is written the connection waits, for what a killed process had beyond the last
 * chunk is fetched again.
 */
export function createChunkWriter(part: PartFile, { from, until }: ByteRun): ChunkWriter {
  const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, until - from));
  let chunkStart = from;
  let filled = 0;
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;

  async function write(length: number, position: number): Promise<void> {
    try {
      await part.write(chunk.subarray(0, length), position);
      await part.note(position / chunkBytes);
    } catch (error) {
      failure ??= { error };
    }
    writing = undefined;
  }

  function fill(piece: Uint8Array): Promise<void> | undefined {
    for (let taken = 0; taken < piece.byteLength; ) {
      if (failure !== undefined) throw failure.error;
      if (writing !== undefined) {
        // Whoever gave the bytes may use their place for others meanwhile.
        const rest = Uint8Array.from(piece.subarray(taken));
        return writing.then(() => fill(rest));
      }
      const length = Math.min(chunkBytes, until - chunkStart);
      const count = Math.min(length - filled, piece.byteLength - taken);
      chunk.set(piece.subarray(taken, taken + count), filled);
      taken += count;
      filled += count;
      if (filled < length) continue;
      writing = write(length, chunkStart);
      chunkStart += length;
      filled = 0;
    }
    return writing;
  }

  return {
    get position() {
      return chunkStart + filled;
    },
    push: fill,
    async settled() {
      await writing;
      if (failure !== undefined) throw failure.error;
    },
  };
}

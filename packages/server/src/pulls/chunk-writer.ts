import type { ByteRun } from "../core/chunk-map.ts";
import type { ChunkBuffers } from "./chunk-buffers.ts";
import { chunkBytes, type PartFile } from "./part-file.ts";

/** Room that is seen to before a piece comes: a read of a connection fits in. */
const roomBytes = 256 * 1024;

/** Gathers the bytes of a run into chunks, writes each as one, and notes it. */
export interface ChunkWriter {
  /** Where the next byte of the source goes. */
  readonly position: number;
  /**
   * Copies the next bytes, which must lie in the run. Undefined when there is room for more at once, else a promise for that.
   * Throws or rejects with PlatformError when the disk took an earlier chunk badly.
   */
  push(piece: Uint8Array): Promise<void> | undefined;
  /**
   * Gives its memory back; nothing is pushed any more. Resolves when each chunk that was full is written and noted.
   * Rejects as `push` does.
   */
  close(): Promise<void>;
}

/**
 * Bytes are copied into memory that stays: pieces that are held until a chunk is whole grow old, and collecting them costs
 * more than all the rest. While a chunk is written the next is filled, as long as there are buffers: their number bounds
 * what a killed process fetches again.
 */
export function createChunkWriter(
  part: PartFile,
  { from, until }: ByteRun,
  buffers: ChunkBuffers,
): ChunkWriter {
  const writes = new Set<Promise<void>>();
  let chunk: Uint8Array | undefined;
  /** For what is beyond the end of the chunk. */
  let next: Uint8Array | undefined;
  /** The buffer that is waited for. */
  let coming: Promise<void> | undefined;
  let chunkStart = from;
  let filled = 0;
  let isClosed = false;
  let failure: { readonly error: unknown } | undefined;

  async function write(full: Uint8Array, length: number, position: number): Promise<void> {
    try {
      await part.write(full.subarray(0, length), position);
    } catch (error) {
      failure ??= { error };
      return;
    } finally {
      buffers.give(full);
    }
    try {
      await part.note(position / chunkBytes);
    } catch (error) {
      failure ??= { error };
    }
  }

  function writeChunk(full: Uint8Array, length: number): void {
    const writing = write(full, length, chunkStart);
    writes.add(writing);
    void writing.then(() => writes.delete(writing));
    chunk = next;
    next = undefined;
    chunkStart += length;
    filled = 0;
  }

  function hasRoom(): boolean {
    const left = Math.min(chunkBytes, until - chunkStart) - filled;
    if (chunk === undefined) return left === 0;
    return next !== undefined || left >= roomBytes || chunkStart + filled + left >= until;
  }

  function keep(buffer: Uint8Array): void {
    if (isClosed) buffers.give(buffer);
    else if (chunk === undefined) chunk = buffer;
    else next = buffer;
  }

  /** Sees to it that the next piece fits in: undefined when it does now. */
  function makeRoom(): Promise<void> | undefined {
    while (!hasRoom()) {
      if (coming !== undefined) return coming;
      const taken = buffers.take();
      if (taken instanceof Promise) {
        coming = taken.then((buffer) => {
          coming = undefined;
          keep(buffer);
          return makeRoom();
        });
      } else keep(taken);
    }
    return undefined;
  }

  function push(piece: Uint8Array): Promise<void> | undefined {
    for (let taken = 0; taken < piece.byteLength; ) {
      if (failure !== undefined) throw failure.error;
      const waiting = chunk === undefined ? makeRoom() : undefined;
      if (chunk === undefined) {
        // Whoever gave the bytes may use their place for others meanwhile.
        const rest = Uint8Array.from(piece.subarray(taken));
        return Promise.resolve(waiting).then(() => push(rest));
      }
      const length = Math.min(chunkBytes, until - chunkStart);
      const count = Math.min(length - filled, piece.byteLength - taken);
      chunk.set(piece.subarray(taken, taken + count), filled);
      taken += count;
      filled += count;
      if (filled === length) writeChunk(chunk, length);
    }
    return makeRoom();
  }

  return {
    get position() {
      return chunkStart + filled;
    },
    push,
    async close() {
      isClosed = true;
      for (const buffer of [chunk, next]) if (buffer !== undefined) buffers.give(buffer);
      chunk = undefined;
      next = undefined;
      await Promise.all(writes);
      if (failure !== undefined) throw failure.error;
    },
  };
}

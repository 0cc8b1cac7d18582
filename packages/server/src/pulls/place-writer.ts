import type { FilePlace } from "@llm-platform/kit";
import { isMoreNeeded } from "../core/connection-need.ts";
import { blockBytes, type BlockWriter } from "./hash-window.ts";
import { openWritten } from "./written-file.ts";

/** Writes what comes to its place in a file. It blocks while the file system takes it. */
export interface PlaceWriter {
  /** Behind what was taken. */
  readonly position: number;
  /** Where the next piece is best put; undefined for anywhere. Good until something else is taken. */
  room(): Uint8Array | undefined;
  /**
   * Takes a piece, and is done with it when it returns; a promise when the next one is to wait.
   * @throws TooLong, or PlatformError when the file cannot be written
   */
  take(piece: Uint8Array): Promise<void> | undefined;
  /** Writes what was taken, and closes the file. @throws PlatformError */
  close(): void;
}

export interface PlaceWriterParts {
  /** Of the window through which the file is hashed. */
  readonly blocks: BlockWriter | undefined;
  /** Never goes back. */
  monotonicMs(): number;
  /** Told behind which byte all is written. */
  onStored(position: number): void;
}

/** More came than the place is for. */
export class TooLong extends Error {}

/** What comes slowly is written before its block is full. */
const longestKeptMs = 50;

/**
 * Blocks that come quickly go past the system's page cache: to copy them there would cost as much as to hash them. What
 * comes slowly stays in it, for the model that is read from the file next.
 * @throws PlatformError when the file cannot be opened
 */
export function openPlace({ path, from, until }: FilePlace, parts: PlaceWriterParts): PlaceWriter {
  const { blocks, monotonicMs, onStored } = parts;
  const file = openWritten(path);
  const openedAtMs = monotonicMs();
  let position = from;
  let written = from;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  /** Memory of the block that is being taken; undefined when its pieces are written as they come. */
  let block: Buffer | undefined;

  function beginBlock(): void {
    if (position % blockBytes === 0) block = blocks?.open(position / blockBytes);
  }

  function write(): void {
    if (block === undefined || written === position) return;
    const start = blockStart(written);
    const bytes = block.subarray(written - start, position - start);
    if (bytes.byteLength === blockBytes && isQuick()) file.writePastCache(bytes, written);
    else file.write(bytes, written);
    note();
  }

  function isQuick(): boolean {
    return !isMoreNeeded({ connections: 1, bytes: position - from, tookMs: monotonicMs() - openedAtMs });
  }

  function note(): void {
    written = position;
    writtenAtMs = monotonicMs();
    onStored(written);
  }

  /** @param piece of one block */
  function keep(piece: Uint8Array): void {
    if (block === undefined) {
      file.write(piece, position);
      position += piece.byteLength;
      note();
      return;
    }
    const offset = position % blockBytes;
    // What was read to where there was room is there already.
    const isThere = piece.buffer === block.buffer && piece.byteOffset === block.byteOffset + offset;
    if (!isThere) block.set(piece, offset);
    position += piece.byteLength;
    const start = blockStart(position - 1);
    if (position < until && position < start + blockBytes) return;
    write();
    blocks?.publish(start / blockBytes, position - start);
    block = undefined;
  }

  return {
    get position() {
      return position;
    },
    room() {
      if (position >= until) return undefined;
      beginBlock();
      return block?.subarray(position % blockBytes);
    },
    take(piece) {
      if (position + piece.byteLength > until) throw new TooLong();
      for (let rest = piece; rest.byteLength > 0; ) {
        beginBlock();
        const bytes = Math.min(rest.byteLength, blockBytes - (position % blockBytes));
        keep(rest.subarray(0, bytes));
        rest = rest.subarray(bytes);
      }
      if (monotonicMs() - writtenAtMs >= longestKeptMs) write();
      const isAtBlock = position < until && position % blockBytes === 0;
      return isAtBlock ? blocks?.whenOpen(position / blockBytes) : undefined;
    },
    close() {
      try {
        write();
      } finally {
        file.close();
      }
    },
  };
}

function blockStart(position: number): number {
  return position - (position % blockBytes);
}

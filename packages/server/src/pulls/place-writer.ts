import { closeSync, openSync, writeSync } from "node:fs";
import type { FilePlace } from "@llm-platform/kit";
import { toDiskError } from "./disk-error.ts";
import { blockBytes, type BlockWriter } from "./hash-window.ts";

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

/** @throws PlatformError when the file cannot be opened */
export function openPlace({ path, from, until }: FilePlace, parts: PlaceWriterParts): PlaceWriter {
  const { blocks, monotonicMs, onStored } = parts;
  const file = openFile(path);
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
    writeWhole(file, block.subarray(written - start, position - start), written);
    note();
  }

  function note(): void {
    written = position;
    writtenAtMs = monotonicMs();
    onStored(written);
  }

  /** @param piece of one block */
  function keep(piece: Uint8Array): void {
    if (block === undefined) {
      writeWhole(file, piece, position);
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
        closeSync(file);
      }
    },
  };
}

function blockStart(position: number): number {
  return position - (position % blockBytes);
}

function openFile(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    throw toDiskError(error);
  }
}

function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  try {
    // A disk that fills up may take a part of it first.
    for (let written = 0; written < bytes.byteLength; )
      written += writeSync(file, bytes, written, bytes.byteLength - written, position + written);
  } catch (error) {
    throw toDiskError(error);
  }
}

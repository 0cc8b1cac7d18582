import { type FileHandle, open } from "node:fs/promises";

/** Whole lines of a file, and where the next ones begin. */
export interface LineChunk {
  readonly lines: readonly string[];
  readonly nextOffset: number;
}

export interface LineRange {
  readonly path: string;
  readonly from: number;
  /** Bytes from here on are left alone. */
  readonly until: number;
}

const lineFeed = 10;
/** About five hundred records. */
const chunkBytes = 112 * 1024;

/**
 * Reads the lines of a part of a file, chunk by chunk. What follows the last line feed comes as a line of its own.
 * Zeros are no part of a line: a segment holds them behind its last.
 */
export async function* readLines({ path, from, until }: LineRange): AsyncGenerator<LineChunk> {
  const file = await open(path, "r");
  try {
    let offset = from;
    let size = chunkBytes;
    while (offset < until) {
      const bytes = await readBytes(file, offset, Math.min(size, until - offset));
      if (bytes.length === 0) return;
      const isEnd = offset + bytes.length >= until || bytes.length < size;
      const end = bytes.lastIndexOf(lineFeed) + 1;
      if (end === 0 && !isEnd) {
        size *= 2;
        continue;
      }
      const taken = isEnd ? bytes.length : end;
      const lines = bytes.toString("utf8", 0, taken).replaceAll("\0", "").split("\n");
      offset += taken;
      size = chunkBytes;
      yield { lines: lines.filter((line) => line !== ""), nextOffset: offset };
    }
  } finally {
    await file.close();
  }
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.allocUnsafe(length), position });
  return buffer.subarray(0, bytesRead);
}

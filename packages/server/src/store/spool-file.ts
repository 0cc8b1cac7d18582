import { close, constants, fdatasync, open, write, writeSync, writev, writevSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { synchroniseDirectory } from "./file-sync.ts";

/** Runs with an error, or with null. */
export type WriteDone = (error: Error | null) => void;

/**
 * When the disk itself has what was written, in the sense of Redis' `appendfsync`.
 *
 * - `always`: before a write counts as done. It survives a loss of power.
 * - `interval`: soon after. A write is done when the operating system has it: it survives every end of the process.
 * - `never`: when the operating system likes.
 */
export type SyncMode = "always" | "interval" | "never";

/** One segment of the spool. Behind what was written it holds zeros, to be written over. */
export interface SpoolFile {
  readonly path: string;
  /**
   * Writes all of it from an offset on. One at a time. With `always`, `done` runs when the disk has it; otherwise within
   * this call.
   */
  write(bytes: Uint8Array, offset: number, done: WriteDone): void;
  /** Runs `done` when the disk has all that was written before. */
  flush(done: WriteDone): void;
  close(): void;
}

export interface SpoolFileInput {
  readonly directory: string;
  readonly number: number;
  readonly sync: SyncMode;
}

export type OpenSpoolFile = (input: SpoolFileInput) => Promise<SpoolFile>;

const namePattern = /^usage-(\d+)\.spool$/;

/**
 * The file grows by this much at a time. A write inside of it changes nothing that a journal would have to note:
 * measured on ext4, two thirds of the time and of the CPU of a write that makes the file longer.
 */
const growthBytes = 256 * 1024;
const zeros = Buffer.alloc(growthBytes);

/** Makes a segment. Unless nothing is to be synchronised, its name is on disk when the promise resolves. */
export const openSpoolFile: OpenSpoolFile = async ({ directory, number, sync }) => {
  const path = join(directory, `usage-${number}.spool`);
  // With O_DSYNC one call both writes and waits for the disk; where the flag is weak or absent, fdatasync follows.
  const isDataSync = sync === "always" && process.platform === "linux";
  const flags = constants.O_CREAT | constants.O_WRONLY | (isDataSync ? constants.O_DSYNC : 0);
  const descriptor = await openDescriptor(path, flags);
  if (sync !== "never") await synchroniseDirectory(directory);
  const write = sync === "always" ? writeLater : writeNow;
  const needsSync = sync === "always" && !isDataSync;
  const size = { bytes: 0 };
  return {
    path,
    write(bytes, offset, done) {
      const end = offset + bytes.byteLength;
      const isGrowing = end > size.bytes;
      if (isGrowing) size.bytes = end + growthBytes;
      write(descriptor, { bytes, offset, isGrowing }, (error) => {
        if (error !== null && isGrowing) size.bytes = 0;
        if (error === null && needsSync) fdatasync(descriptor, done);
        else done(error);
      });
    },
    flush: (done) => fdatasync(descriptor, done),
    close() {
      close(descriptor, () => {
        // What was acknowledged is on disk already; there is nothing that a failing close could still lose.
      });
    },
  };
};

/** Paths and numbers of the segments in a folder, oldest first. */
export async function listSpoolFiles(
  directory: string,
): Promise<readonly { readonly path: string; readonly number: number }[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => {
      const digits = namePattern.exec(name)?.[1];
      return digits === undefined ? [] : [{ path: join(directory, name), number: Number(digits) }];
    })
    .sort((a, b) => a.number - b.number);
}

/** A bare descriptor: on this path a promise for each write would cost more than the write's bookkeeping. */
function openDescriptor(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, 0o600, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)));
  });
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** Whether zeros are to be written behind it. Some of them may be missing. */
  readonly isGrowing: boolean;
}

/** Writes on a thread of the pool, since the disk is waited for. */
function writeLater(descriptor: number, { bytes, offset, isGrowing }: Piece, done: WriteDone): void {
  const goOn = (error: Error | null, written: number): void => {
    if (error !== null || written >= bytes.byteLength) done(error);
    else
      writeLater(
        descriptor,
        { bytes: bytes.subarray(written), offset: offset + written, isGrowing: false },
        done,
      );
  };
  if (isGrowing) writev(descriptor, [bytes, zeros], offset, goOn);
  else write(descriptor, bytes, 0, bytes.byteLength, offset, goOn);
}

/** Writes into the operating system's memory: a few microseconds, where waking a thread and being woken costs tens. */
function writeNow(descriptor: number, { bytes, offset, isGrowing }: Piece, done: WriteDone): void {
  try {
    let written = isGrowing ? writevSync(descriptor, [bytes, zeros], offset) : 0;
    while (written < bytes.byteLength)
      written += writeSync(descriptor, bytes, written, bytes.byteLength - written, offset + written);
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  done(null);
}

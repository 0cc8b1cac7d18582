import { close, constants, fdatasync, open, write, writev } from "node:fs";
import { open as openHandle, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Runs with an error, or with null. */
export type WriteDone = (error: Error | null) => void;

/** One segment of the spool. Behind what was written it holds zeros, to be written over. */
export interface SpoolFile {
  readonly path: string;
  /** Writes all of it from an offset on, and where the spool is synchronous waits for the disk. One at a time. */
  write(bytes: Uint8Array, offset: number, done: WriteDone): void;
  close(): void;
}

export interface SpoolFileInput {
  readonly directory: string;
  readonly number: number;
  /** Whether a write waits for the disk itself. */
  readonly sync: boolean;
}

export type OpenSpoolFile = (input: SpoolFileInput) => Promise<SpoolFile>;

const namePattern = /^usage-(\d+)\.spool$/;

/**
 * The file grows by this much at a time. A write inside of it changes nothing that a journal would have to note:
 * measured on ext4, two thirds of the time and of the CPU of a write that makes the file longer.
 */
const growthBytes = 256 * 1024;
const zeros = Buffer.alloc(growthBytes);

/** Makes a segment. Its name is on disk when the promise resolves. */
export const openSpoolFile: OpenSpoolFile = async ({ directory, number, sync }) => {
  const path = join(directory, `usage-${number}.spool`);
  // With O_DSYNC one call both writes and waits for the disk; where the flag is weak or absent, fdatasync follows.
  const isDataSync = sync && process.platform === "linux";
  const flags = constants.O_CREAT | constants.O_WRONLY | (isDataSync ? constants.O_DSYNC : 0);
  const descriptor = await openDescriptor(path, flags);
  if (sync) await synchroniseDirectory(directory);
  const needsSync = sync && !isDataSync;
  const size = { bytes: 0 };
  return {
    path,
    write(bytes, offset, done) {
      const end = offset + bytes.byteLength;
      const isGrowing = end > size.bytes;
      if (isGrowing) size.bytes = end + growthBytes;
      const onWritten: WriteDone = (error) => {
        if (error !== null && isGrowing) size.bytes = 0;
        if (error === null && needsSync) fdatasync(descriptor, done);
        else done(error);
      };
      if (isGrowing) writeGrowing(descriptor, { bytes, offset }, onWritten);
      else writeAll(descriptor, { bytes, offset }, onWritten);
    },
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
}

/** Writes a piece and zeros behind it. Of the zeros some may be missing. */
function writeGrowing(descriptor: number, { bytes, offset }: Piece, done: WriteDone): void {
  writev(descriptor, [bytes, zeros], offset, (error, written) => {
    if (error !== null || written >= bytes.byteLength) done(error);
    else writeAll(descriptor, { bytes: bytes.subarray(written), offset: offset + written }, done);
  });
}

function writeAll(descriptor: number, { bytes, offset }: Piece, done: WriteDone): void {
  write(descriptor, bytes, 0, bytes.byteLength, offset, (error, written) => {
    if (error !== null || written === bytes.byteLength) done(error);
    else writeAll(descriptor, { bytes: bytes.subarray(written), offset: offset + written }, done);
  });
}

async function synchroniseDirectory(directory: string): Promise<void> {
  // Windows has no such call, and writes names through by itself.
  if (process.platform === "win32") return;
  const handle = await openHandle(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { close, constants, fdatasync, fstat, open, write } from "node:fs";
import { open as openHandle, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Runs with an error, or with null. */
export type WriteDone = (error: Error | null) => void;

/** One segment of the spool, open for appending. */
export interface SpoolFile {
  readonly path: string;
  /** Appends all of it, and where the spool is synchronous waits for the disk. One at a time. */
  append(bytes: Uint8Array, done: WriteDone): void;
  /** Size on disk now, after a write that failed. */
  measure(done: (error: Error | null, bytes: number) => void): void;
  close(): void;
}

export interface SpoolFileInput {
  readonly directory: string;
  readonly number: number;
  /** Whether an append waits for the disk itself. */
  readonly sync: boolean;
}

export type OpenSpoolFile = (input: SpoolFileInput) => Promise<SpoolFile>;

const namePattern = /^usage-(\d+)\.spool$/;

/** Makes a segment. Its name is on disk when the promise resolves. */
export const openSpoolFile: OpenSpoolFile = async ({ directory, number, sync }) => {
  const path = join(directory, `usage-${number}.spool`);
  // With O_DSYNC one call both writes and waits for the disk; where the flag is weak or absent, fdatasync follows.
  const isDataSync = sync && process.platform === "linux";
  const flags =
    constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY | (isDataSync ? constants.O_DSYNC : 0);
  const descriptor = await openDescriptor(path, flags);
  if (sync) await synchroniseDirectory(directory);
  const needsSync = sync && !isDataSync;
  return {
    path,
    append: (bytes, done) =>
      writeAll(descriptor, bytes, (error) =>
        error === null && needsSync ? fdatasync(descriptor, done) : done(error),
      ),
    measure: (done) => fstat(descriptor, (error, stats) => done(error, error === null ? stats.size : 0)),
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

function writeAll(descriptor: number, bytes: Uint8Array, done: WriteDone): void {
  write(descriptor, bytes, 0, bytes.byteLength, null, (error, written) => {
    if (error !== null || written === bytes.byteLength) done(error);
    else writeAll(descriptor, bytes.subarray(written), done);
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

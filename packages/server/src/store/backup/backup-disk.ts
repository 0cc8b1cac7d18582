import { statfsSync, writeSync } from "node:fs";
import { PlatformError } from "@llm-platform/kit";

/** What a backup asks of the disk, so that tests can fill it. */
export interface BackupDisk {
  /** Bytes that are free for this user where a folder lies. */
  freeBytes(directory: string): number;
  /** Writes all of it at the end of what was written. Throws what the file system throws. */
  append(descriptor: number, bytes: Uint8Array): void;
}

export const realDisk: BackupDisk = {
  freeBytes(directory) {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  },
  append(descriptor, bytes) {
    for (let written = 0; written < bytes.byteLength; ) written += writeSync(descriptor, bytes, written);
  },
};

/** Left free, so that the server's own records have room beside a backup. */
const reservedBytes = 64 * 1024 * 1024;

/** Throws PlatformError `insufficient_storage` when a folder's disk has no room for that much. */
export function requireRoom(disk: BackupDisk, directory: string, bytes: number): void {
  const free = disk.freeBytes(directory);
  if (free >= bytes + reservedBytes) return;
  throw new PlatformError(
    "insufficient_storage",
    `There is not enough room: ${toMegabytes(bytes + reservedBytes)} MB are needed for a while, ${toMegabytes(free)} MB are free. Free some, or choose another disk.`,
  );
}

const sqliteFull = 13;

/** Says what the file system or SQLite refused, in words for callers. Names no path. */
export function toDiskError(error: unknown, what: string): PlatformError {
  if (error instanceof PlatformError) return error;
  if (error instanceof Error && error.name === "AbortError")
    return new PlatformError("client_cancelled", `${what} was cancelled.`, { cause: error });
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  const isFull =
    ["ENOSPC", "EDQUOT"].includes(code) ||
    (error instanceof Error && "errcode" in error && error.errcode === sqliteFull);
  if (isFull)
    return new PlatformError("insufficient_storage", `${what} failed: the disk is full. Free some space.`, {
      cause: error,
    });
  const why = error instanceof Error && code === "ERR_SQLITE_ERROR" ? error.message : code;
  return new PlatformError("unavailable", `${what} failed (${why}). Look at the disk and its permissions.`, {
    cause: error,
  });
}

function toMegabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}

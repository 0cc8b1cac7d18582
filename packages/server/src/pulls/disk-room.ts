import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { PlatformError } from "@llm-platform/kit";

/** What a download may need beyond its size. */
const marginRatio = 1.1;

/**
 * Throws PlatformError `insufficient_storage` when the disk has not a tenth more than the bytes that are to come, beside
 * what must stay free.
 */
export async function expectRoom(path: string, bytes: number, reserveBytes: number): Promise<void> {
  if (bytes === 0) return;
  const { bavail, bsize } = await statfs(dirname(path));
  const freeBytes = bavail * bsize;
  const neededBytes = Math.ceil(bytes * marginRatio) + reserveBytes;
  if (freeBytes >= neededBytes) return;
  throw new PlatformError(
    "insufficient_storage",
    `The disk of the models has ${toMegabytes(freeBytes)} MB free, and ${toMegabytes(neededBytes)} MB are needed: the file, a tenth more, and ${toMegabytes(reserveBytes)} MB that stay free (pulls.reserve_bytes). Free some space.`,
  );
}

function toMegabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}

import type { Stats } from "node:fs";
import { link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { createTurns } from "../core/turns.ts";
import { toDiskError } from "./disk-error.ts";

/**
 * The files of models: each once, by its contents, in `blobs`, and the names that point to them beside that folder. A name
 * is a hard link, so that whoever looks at the folder sees plain files, and what has a name is in use.
 */
export interface ModelStore {
  /** Path of a part without its ending, for a file of this identity. */
  partOf(identity: string): string;
  /** Whether the contents are there, whole. */
  has(sha256: string, sizeBytes: number): Promise<boolean>;
  /** Takes a whole file, which the disk has, in among the contents. */
  adopt(path: string, sha256: string): Promise<void>;
  /**
   * Lets a name point to contents that are there.
   * @param mayReplace whether it may point to something else now
   * Rejects with PlatformError `conflict` when it does and may not.
   */
  name(fileName: string, sha256: string, mayReplace: boolean): Promise<void>;
  /**
   * Deletes contents that have no name, but for those of `inUse`, and parts that nobody has touched for a week.
   * @returns how many bytes that freed
   */
  collect(inUse: ReadonlySet<string>): Promise<number>;
}

const weekMs = 7 * 86_400_000;
const blobName = /^sha256-([0-9a-f]{64})$/;

/** Makes the folders where they are missing. Rejects with PlatformError when they cannot be made. */
export async function openModelStore(folder: string, nowMs: () => number): Promise<ModelStore> {
  const blobs = join(folder, "blobs");
  const parts = join(folder, "partial");
  // What is to be named must not be collected between the two steps.
  const turns = createTurns();
  const blobOf = (sha256: string): string => join(blobs, `sha256-${sha256}`);
  try {
    await mkdir(blobs, { recursive: true, mode: 0o750 });
    await mkdir(parts, { recursive: true, mode: 0o750 });
  } catch (error) {
    throw toDiskError(error);
  }
  return {
    partOf: (identity) => join(parts, identity),
    async has(sha256, sizeBytes) {
      return (await sizeOf(blobOf(sha256))) === sizeBytes;
    },
    adopt: (path, sha256) =>
      turns.take(async () => {
        try {
          await rename(path, blobOf(sha256));
          await synchroniseFolder(blobs);
        } catch (error) {
          throw toDiskError(error);
        }
      }),
    name: (fileName, sha256, mayReplace) =>
      turns.take(async () => {
        try {
          await nameBlob(join(folder, fileName), { blob: blobOf(sha256), mayReplace });
          await synchroniseFolder(folder);
        } catch (error) {
          throw toDiskError(error);
        }
      }),
    collect: (inUse) =>
      turns.take(async () => {
        let freedBytes = 0;
        for (const entry of await readdir(blobs)) {
          const sha256 = blobName.exec(entry)?.[1];
          if (sha256 === undefined || inUse.has(sha256)) continue;
          const { nlink, size } = await stat(join(blobs, entry));
          if (nlink > 1) continue;
          await rm(join(blobs, entry), { force: true });
          freedBytes += size;
        }
        for (const entry of await readdir(parts)) {
          const { mtimeMs } = await stat(join(parts, entry));
          if (nowMs() - mtimeMs > weekMs) await rm(join(parts, entry), { force: true });
        }
        return freedBytes;
      }),
  };
}

async function nameBlob(
  path: string,
  { blob, mayReplace }: { readonly blob: string; readonly mayReplace: boolean },
): Promise<void> {
  const [there, wanted] = await Promise.all([inodeOf(path), inodeOf(blob)]);
  if (there !== undefined && there === wanted) return;
  if (there !== undefined && !mayReplace)
    throw new PlatformError(
      "conflict",
      "There is another model of this name already. Give `name` to keep both, or delete that one.",
      { field: "name" },
    );
  // At no moment is the name without contents.
  await rm(`${path}.new`, { force: true });
  await link(blob, `${path}.new`);
  await rename(`${path}.new`, path);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await statOrNothing(path))?.size;
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await statOrNothing(path))?.ino;
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw toDiskError(error);
  }
}

/** Resolves when the disk has the names of a folder. */
async function synchroniseFolder(folder: string): Promise<void> {
  // Windows has no such call, and writes names through by itself.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { PlatformError } from "@llm-platform/kit";

const soundName = /^[A-Za-z0-9][\w.-]{0,127}$/;
const reserveBytes = 512 * 1024 * 1024;
const growth = 1.1;

/** A model file that is being made: it has its name only when it is whole. */
export interface NewModelFile {
  readonly id: string;
  /** The folder that it is in. */
  readonly folder: string;
  /** Where it is written until then. */
  readonly partialPath: string;
  readonly path: string;
}

/**
 * Makes a model file: `write` fills the partial one, which gets its name when that resolves, and is removed when it rejects.
 *
 * @param folder where models are kept
 * @param being names that are being made; one at a time of each
 * @throws PlatformError `invalid_request` for a name that cannot be one, `conflict` when there is such a model
 */
export async function makeModelFile<Result>(
  { folder, name, being }: { readonly folder: string; readonly name: string; readonly being: Set<string> },
  write: (file: NewModelFile) => Promise<Result>,
): Promise<Result> {
  if (!soundName.test(name))
    throw new PlatformError(
      "invalid_request",
      "The name of a model has letters, digits, '.', '_' and '-', begins with a letter or digit, and has at most 128 characters. Choose another with 'name'.",
      { field: "name" },
    );
  await mkdir(folder, { recursive: true });
  const file = {
    id: name,
    folder,
    path: join(folder, `${name}.gguf`),
    partialPath: join(folder, `.${name}.gguf.partial`),
  };
  if (being.has(file.path) || existsSync(file.path))
    throw new PlatformError(
      "conflict",
      `There is a model '${name}' already. Choose another name, or delete that one.`,
      {
        field: "name",
      },
    );
  being.add(file.path);
  try {
    const result = await write(file);
    await sync(file.partialPath);
    await rename(file.partialPath, file.path);
    await sync(folder);
    return result;
  } catch (error) {
    await rm(file.partialPath, { force: true });
    throw error;
  } finally {
    being.delete(file.path);
  }
}

/** Throws PlatformError `insufficient_storage` unless a tenth more than that is free, and a reserve. */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = bytes * growth + reserveBytes;
  if (bavail * bsize >= needed) return;
  throw new PlatformError(
    "insufficient_storage",
    `The disk of the model folder has ${toMegabytes(bavail * bsize)} MB free; ${toMegabytes(needed)} MB are needed. Make room and try again.`,
  );
}

/** Bytes of a file, or of the files that lie in a folder. */
export async function sizeOf(path: string): Promise<number> {
  const own = await stat(path);
  if (!own.isDirectory()) return own.size;
  const entries = await readdir(path, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.filter((entry) => entry.isFile()).map(async ({ name }) => (await stat(join(path, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What was written to a file or a folder outlives a loss of power. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function toMegabytes(bytes: number): number {
  return Math.ceil(bytes / 1_000_000);
}

import { copyFileSync, constants, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { splitName } from "./archive-header.ts";
import { isSavedName, modelFolder, savedFolders } from "./contents.ts";

/** A file of the data folder. */
export interface DataFile {
  /** From the data folder on, with `/`. */
  readonly name: string;
  readonly bytes: number;
}

/**
 * The files of the saved folders, in the order of their names. Links, sockets and what is gone by then are left out.
 * @throws PlatformError `invalid_request` for a file whose name no backup can hold
 */
export function listDataFiles(dataDirectory: string): readonly DataFile[] {
  const files = savedFolders.flatMap((folder) => listFiles(dataDirectory, folder));
  for (const { name } of files) {
    if (isSavedName(name) && splitName(name) !== undefined) continue;
    throw new PlatformError(
      "invalid_request",
      `The file ${name} of the data folder has a name that a backup cannot hold: it is too long, or has a backslash, a colon or a control character. Rename it.`,
      { field: name },
    );
  }
  return files;
}

/** The models' files, which stay out of a backup. */
export function listModelFiles(dataDirectory: string): readonly DataFile[] {
  return listFiles(dataDirectory, modelFolder);
}

/** Copies files to the same names in another folder. Returns those that were still there, as they were copied. */
export function copyDataFiles(
  files: readonly DataFile[],
  places: { readonly from: string; readonly to: string },
): readonly DataFile[] {
  return files.flatMap(({ name }) => {
    const copy = join(places.to, name);
    mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
    return copyIfThere(join(places.from, name), copy) ? [{ name, bytes: statSync(copy).size }] : [];
  });
}

/** Returns false when the file is gone by now. */
export function copyIfThere(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function listFiles(dataDirectory: string, folder: string): readonly DataFile[] {
  try {
    const entries = readdirSync(join(dataDirectory, folder), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .flatMap((path) => {
        const bytes = sizeOf(path);
        return bytes === undefined
          ? []
          : [{ name: relative(dataDirectory, path).replaceAll(sep, "/"), bytes }];
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

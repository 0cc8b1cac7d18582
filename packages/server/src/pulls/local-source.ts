import { realpath, stat } from "node:fs/promises";
import { basename, isAbsolute, sep } from "node:path";
import { type FileBody, PlatformError } from "@llm-platform/kit";
import type { FileSource } from "./file-source.ts";

/**
 * A file of this machine that is to be taken over.
 * @param folders those that files may come from
 * @param read gives the contents of one
 * @throws PlatformError `invalid_request` for any other, in the same words whether it is there or not
 */
export async function findLocalFile(
  path: string,
  { folders, read }: { readonly folders: readonly string[]; read(path: string): FileBody },
): Promise<FileSource> {
  try {
    const real = isPlainPath(path) ? await realpath(path) : "";
    const allowed = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
    const isAllowed = allowed.some((folder) => folder !== undefined && real.startsWith(folder + sep));
    const facts = isAllowed ? await stat(real) : undefined;
    if (facts?.isFile() === true)
      return toSource(real, { sizeBytes: facts.size, changedAtMs: facts.mtimeMs, read });
  } catch {
    // That it is not there is not told apart from that it may not be looked at.
  }
  throw new PlatformError(
    "invalid_request",
    "`source` must be the path of a file below one of `pulls.file_directories`.",
    { field: "source" },
  );
}

function isPlainPath(path: string): boolean {
  return isAbsolute(path) && !path.includes("\0");
}

interface LocalFile {
  readonly sizeBytes: number;
  readonly changedAtMs: number;
  read(path: string): FileBody;
}

function toSource(path: string, { sizeBytes, changedAtMs, read }: LocalFile): FileSource {
  return {
    name: basename(path),
    sizeBytes,
    sha256: undefined,
    version: String(changedAtMs),
    async open({ from, until }) {
      const facts = await stat(path);
      // A file that changes while it is read has another size to whoever reads it.
      const total = facts.mtimeMs === changedAtMs ? sizeBytes : -1;
      const range = `bytes ${from}-${until - 1}/${total}`;
      return {
        status: 206,
        headers: { get: (name) => (name === "content-range" ? range : undefined) },
        body: read(path),
      };
    },
  };
}

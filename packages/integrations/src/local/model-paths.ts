import { realpath } from "node:fs/promises";
import { isAbsolute, sep } from "node:path";
import { PlatformError } from "@llm-platform/kit";

const maxPathBytes = 4_096;

/**
 * The real path of what a caller names, when it lies in one of the folders.
 *
 * @throws PlatformError `invalid_request`, with the same text whether the path is there or not: it tells nothing about
 * the rest of the machine
 */
export async function locatePath(path: string, folders: readonly string[]): Promise<string> {
  const isSound = isAbsolute(path) && !path.includes("\0") && Buffer.byteLength(path) <= maxPathBytes;
  const real = isSound ? await realpathOrNothing(path) : undefined;
  for (const folder of folders) {
    const root = await realpathOrNothing(folder);
    if (real !== undefined && root !== undefined && (real === root || real.startsWith(root + sep)))
      return real;
  }
  throw new PlatformError(
    "invalid_request",
    "The path is not the full path of a file or folder inside one of the folders of 'model_directories' and 'import_directories' of the local integration.",
    { field: "path" },
  );
}

async function realpathOrNothing(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    // Whatever the reason, nothing can be read there.
    return undefined;
  }
}

import { open } from "node:fs/promises";

/** Resolves when the disk has what was written to a file. */
export async function synchroniseFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Resolves when the disk has the names in a folder. */
export async function synchroniseDirectory(directory: string): Promise<void> {
  // Windows has no such call, and writes names through by itself.
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

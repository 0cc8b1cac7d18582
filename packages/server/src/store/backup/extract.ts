import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FileSink } from "./read-archive.ts";
import type { SavedFile } from "./manifest.ts";

/** Makes a file of that name in a folder, which must not have it. Its content is on the disk when it is closed. */
export async function openFileSink(folder: string, { name }: SavedFile): Promise<FileSink> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const handle = await open(path, "wx", 0o600);
  return {
    async write(bytes) {
      await handle.writeFile(bytes);
    },
    async close() {
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}

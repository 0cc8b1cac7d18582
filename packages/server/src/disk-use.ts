import { readdir, stat, statfs } from "node:fs/promises";
import { join, sep } from "node:path";
import type { DiskUse } from "./control/model-disk.ts";

const modelFolder = "models";

/** Reads what the data folder takes of its disk: models, and all else. What goes away meanwhile counts for nothing. */
export async function readDiskUse(dataDirectory: string): Promise<DiskUse> {
  const { blocks, bavail, bsize } = await statfs(dataDirectory);
  let modelBytes = 0;
  let storeBytes = 0;
  for (const entry of await readdir(dataDirectory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const size = await stat(path).then(
      (facts) => facts.size,
      () => 0,
    );
    if (path.startsWith(join(dataDirectory, modelFolder) + sep)) modelBytes += size;
    else storeBytes += size;
  }
  return { sizeBytes: blocks * bsize, freeBytes: bavail * bsize, modelBytes, storeBytes };
}

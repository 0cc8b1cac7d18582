import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";

const skippedFolders = new Set(["node_modules", "dist", "bundle", ".git", ".build", "coverage", "generated"]);

/** Every file of the tree that people write, as paths from `root` with forward slashes. */
export async function listSources(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      if (entry.isDirectory()) {
        return skippedFolders.has(entry.name)
          ? []
          : (await listSources(join(root, entry.name))).map((path) => `${entry.name}/${path}`);
      }
      return entry.isFile() ? [relative(root, join(root, entry.name))] : [];
    }),
  );
  return nested.flat().sort();
}

/** Whether a path is TypeScript or JavaScript that we wrote. */
export function isCode(path: string): boolean {
  return /\.(ts|tsx|js|mjs)$/.test(path) && /^(packages|tools|test|bench|examples)\//.test(path);
}

/** Whether a path is a test, or stands only in for one. */
export function isTest(path: string): boolean {
  return /\.(test|test-data)\.ts$/.test(path) || path.startsWith("test/") || /\/test-[a-z-]+\.ts$/.test(path);
}

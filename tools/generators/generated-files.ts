import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A file that is made from the code. */
export type GeneratedFile = {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
};

/** A file that is not what the code would make. */
export type Drift = { readonly path: string; readonly why: string };

/** Writes the files that differ; resolves with their paths. */
export async function writeFiles(root: string, files: readonly GeneratedFile[]): Promise<readonly string[]> {
  const drifted = new Set((await compareFiles(root, files)).map(({ path }) => path));
  const changed = files.filter(({ path }) => drifted.has(path));
  for (const { path, text } of changed) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return changed.map(({ path }) => path);
}

/** Which of the files are missing, or hold something else. */
export async function compareFiles(root: string, files: readonly GeneratedFile[]): Promise<readonly Drift[]> {
  const found = await Promise.all(
    files.map(async ({ path, text }) => ({ path, text, there: await readText(join(root, path)) })),
  );
  return found.flatMap(({ path, text, there }) => {
    if (there === undefined) return [{ path, why: "is missing" }];
    return there === text
      ? []
      : [{ path, why: `differs from the code in line ${firstDifference(there, text)}` }];
  });
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function firstDifference(there: string, text: string): number {
  const expected = text.split("\n");
  const actual = there.split("\n");
  const at = expected.findIndex((line, index) => line !== actual[index]);
  return (at < 0 ? expected.length : at) + 1;
}

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Conditions } from "./conditions.ts";

/** What a question found out that is asked by itself, as a part of the report. */
export interface Further {
  readonly title: string;
  /** How it was measured, and what was wanted. */
  readonly note: string;
  readonly conditions: Conditions;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const folderName = "further";

/** Keeps what a question found out, in place of what it found out before. */
export async function keepFurther(folder: string, name: string, further: Further): Promise<void> {
  const kept = join(folder, folderName);
  await mkdir(kept, { recursive: true });
  await writeFile(join(kept, `${name}.json`), `${JSON.stringify(further, undefined, 2)}\n`);
}

/** What was kept, by name. */
export async function readFurther(folder: string): Promise<readonly Further[]> {
  const kept = join(folder, folderName);
  const names = await readdir(kept).catch(orNone);
  return Promise.all(
    names
      .filter((name) => name.endsWith(".json"))
      .toSorted()
      .map(async (name): Promise<Further> => JSON.parse(await readFile(join(kept, name), "utf8"))),
  );
}

function orNone(error: unknown): readonly string[] {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
  throw error;
}

import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Takes what is built, and the results of partial runs. Not under version control. */
export const buildFolder = fileURLToPath(new URL(".build/", import.meta.url));

const sourceFolder = fileURLToPath(new URL("native/", import.meta.url));

/** Paths of the two native programs. */
export interface NativePrograms {
  readonly upstream: string;
  readonly load: string;
}

/** @throws Error that says what to install when there is no C compiler, or with the compiler's words. */
export async function buildNative(): Promise<NativePrograms> {
  await mkdir(buildFolder, { recursive: true });
  return {
    upstream: compile("upstream", ["upstream.c"]),
    load: compile("load", ["load.c", "reply.c", "samples.c", "usage.c"]),
  };
}

function compile(program: string, sources: readonly string[]): string {
  const output = join(buildFolder, program);
  const { error, status, stderr } = spawnSync("gcc", ["-O2", "-Wall", "-Wextra", "-o", output, ...sources], {
    cwd: sourceFolder,
    encoding: "utf8",
  });
  if (error !== undefined)
    throw new Error("the benchmark needs gcc and Linux: install gcc and libc6-dev, then run again", {
      cause: error,
    });
  if (status !== 0) throw new Error(`gcc could not build ${program}:\n${stderr}`);
  return output;
}

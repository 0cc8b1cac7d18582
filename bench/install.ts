import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where contestants that are no package of the system are installed: outside the checkout, once for all of them. */
const installFolder = join(tmpdir(), "llm-platform-bench");

/** @throws Error that says what to install, where it cannot be installed. */
export function installSystemPackage(name: string): void {
  if (process.getuid?.() !== 0)
    throw new Error(`${name} is not installed: install the package, then run again`);
  // Runlevel 1 keeps a package from starting a server of its own.
  const script = `apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${name}`;
  const { error, status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
  if (error !== undefined || status !== 0)
    throw new Error(`${name} could not be installed by apt-get; install it by hand\n${stderr}`);
}

/**
 * Fills a folder once. It has its name only when it is whole, so what an interrupted attempt left is never used.
 * @param name of the folder, with all that its content depends on
 * @param install fills a folder that is then moved: nothing in it may hold its path
 * @returns the folder
 */
export async function installOnce(name: string, install: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(installFolder, name);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  try {
    await mkdir(unfinished, { recursive: true });
    await install(unfinished);
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Runs a program of an installation to its end, with the caller's environment.
 * @param failure what to say when it cannot be run or fails; its own words follow on the next lines
 * @returns what it printed
 */
export function runInstaller(
  [program = "", ...args]: readonly string[],
  { cwd, failure, env }: { readonly cwd: string; readonly failure: string; readonly env?: NodeJS.ProcessEnv },
): string {
  const options = { cwd, encoding: "utf8", env: { ...process.env, ...env } } as const;
  const { error, status, stdout, stderr } = spawnSync(program, args, options);
  if (error !== undefined) throw new Error(`${failure}: ${program} cannot be run`, { cause: error });
  if (status !== 0) throw new Error(`${failure}${findReason(stderr)}\n${stderr.trim()}`);
  return stdout;
}

/** The line in which pip says what is wrong, to stand on the message's first line. */
function findReason(stderr: string): string {
  const line = stderr.split("\n").find((text) => text.startsWith("ERROR: "));
  return line === undefined ? "" : `: ${line.slice("ERROR: ".length)}`;
}

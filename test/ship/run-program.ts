import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a program came to. */
export type Outcome = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** What a program is given beside its arguments. */
export type ProgramOptions = {
  /** What it reads; default nothing. */
  readonly input?: string;
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs a program in the root of the repository. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { input = "", env = {} }: ProgramOptions = {},
): Promise<Outcome> {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve(status ?? 1));
  });
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, stdout, stderr };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const llmpFile = fileURLToPath(new URL("../../packages/client/bin/llmp.js", import.meta.url));

/** What one call of `llmp` came to. */
export type CliResult = {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type CliOptions = {
  /** The whole environment but for PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads on standard input; default nothing. */
  readonly input?: string;
  readonly workingDirectory?: string;
};

/** Runs the built `llmp` off the terminal and waits for its end. */
export async function runLlmp(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [llmpFile, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    cwd: options.workingDirectory,
    env: { PATH: process.env["PATH"], ...options.env },
  });
  child.stdin.end(options.input ?? "");
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { exitCode: typeof exitCode === "number" ? exitCode : null, stdout, stderr };
}

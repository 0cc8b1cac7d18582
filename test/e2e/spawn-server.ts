import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished } from "vitest";
import { builtServer } from "./start-platform.ts";

const lineLimitMs = 20_000;

/** Starts the built server, which need not come up, without a file of configuration. It ends with the test. */
export function spawnServer(env: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), "spawned-server-"));
  const child = spawn(process.execPath, [builtServer], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      LLM_PLATFORM_DATA_DIR: join(directory, "data"),
      LLM_PLATFORM_SERVER__PORT: "0",
      LLM_PLATFORM_LOG__FORMAT: "json",
      LLM_PLATFORM_SERVER__DRAIN_SECONDS: "0",
      ...env,
    },
  });
  const exit = once(child, "exit").then(([code]: (number | null)[]) => code ?? null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
    rmSync(directory, { recursive: true, force: true });
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  async function line(pattern: RegExp): Promise<string> {
    await expect.poll(() => lines.some((each) => pattern.test(each)), { timeout: lineLimitMs }).toBe(true);
    return lines.find((each) => pattern.test(each)) ?? "";
  }
  return {
    child,
    exit,
    /** Everything that it wrote so far. */
    text: () => lines.join("\n"),
    /** The first line so far or to come that matches. */
    line,
    /** The address in the first such line. */
    url: async (pattern: RegExp) => /"url":"([^"]+)"/.exec(await line(pattern))?.[1] ?? "",
  };
}

import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitUntilQuiet } from "./cpu.ts";
import { createProcesses, type PinnedProcess, type Processes } from "./processes.ts";
import { waitUntil } from "./ready.ts";

let folder: string;
let processes: Processes;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-platform-bench-test-"));
  processes = createProcesses();
});

afterEach(async () => {
  await processes.stopAll();
  await rm(folder, { recursive: true, force: true });
});

/** A shell whose child works for a while, says so, and then sleeps. */
function startShell(script: string): PinnedProcess {
  return processes.start({
    name: "a shell",
    cores: [0, 1],
    command: ["/bin/sh", "-c", script],
    logFile: join(folder, "shell.log"),
  });
}

async function statesOf(process: PinnedProcess): Promise<readonly string[]> {
  const texts = await Promise.all((await process.pids()).map((pid) => readFile(`/proc/${pid}/stat`, "utf8")));
  return texts.map((text) => text.slice(text.lastIndexOf(")") + 2)[0] ?? "");
}

/** Not there, or dead and only not yet waited for. */
async function isRunning(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return text !== "" && text.slice(text.lastIndexOf(")") + 2)[0] !== "Z";
}

/** `taskset`, `/proc` and the scheduler's figures are Linux's, as the benchmark is. */
describe.runIf(process.platform === "linux")("a started process", () => {
  test("sleeps with all its children while it is paused, and goes on when it is resumed", async () => {
    const shell = startShell("echo ready; (while :; do :; done); true");
    await waitUntil(
      shell,
      async () => (await shell.logTail()) === "ready\n" && (await shell.pids()).length === 2,
    );
    await shell.pause();
    await waitUntil(shell, async () => (await statesOf(shell)).join("") === "TT");
    await shell.resume();
    await waitUntil(shell, async () => (await statesOf(shell)).includes("R"));
  });

  test("ends when it is stopped, also while it is paused", async () => {
    const shell = startShell("exec sleep 60");
    await waitUntil(shell, async () => (await shell.pids()).length === 1);
    await shell.pause();
    const startedAtMs = performance.now();
    await shell.stop();
    expect(shell.hasEnded()).toBe(true);
    // The signal that asks it to end is enough; the one that ends it comes after five seconds.
    expect(performance.now() - startedAtMs).toBeLessThan(4_000);
  });

  test("leaves no descendant behind", async () => {
    const shell = startShell("echo ready; (while :; do :; done); true");
    await waitUntil(shell, async () => (await shell.pids()).length === 2);
    const pids = await shell.pids();
    await shell.stop();
    for (const pid of pids) await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test("does not run on when it was not ready in time", async () => {
    const shell = startShell("exec sleep 60");
    const patience = { pollMs: 1, timeoutMs: 10 };
    await expect(waitUntil(shell, () => Promise.resolve(false), patience)).rejects.toThrow(/not ready after/);
    expect(shell.hasEnded()).toBe(true);
  });

  test("is quiet when its work is done, not before", async () => {
    const done = join(folder, "done");
    const shell = startShell(
      `echo ready; i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; : >${done}; sleep 60`,
    );
    await waitUntil(shell, async () => (await shell.logTail()) === "ready\n");
    await waitUntilQuiet(shell);
    await expect(readFile(done, "utf8")).resolves.toBe("");
  });
});

import { readdir, readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { PinnedProcess } from "./processes.ts";

const nanosPerMilli = 1_000_000;
const watchMs = 50;
/** Less than this share of a core is what a process takes that has nothing to do. */
const quietShare = 0.1;
const giveUpAfterMs = 5_000;

/** Waits until a process has finished what its callers left behind, but not longer than five seconds. */
export async function waitUntilQuiet(process: PinnedProcess): Promise<void> {
  const giveUpAtMs = performance.now() + giveUpAfterMs;
  let before = await readCpuMs(await process.pids());
  // Twice in a row: what it does may have pauses.
  for (let quietLooks = 0; quietLooks < 2; ) {
    const startedAtMs = performance.now();
    await wait(watchMs);
    const pids = await process.pids();
    const now = await readCpuMs(pids);
    const nowMs = performance.now();
    const isQuiet = now - before <= quietShare * (nowMs - startedAtMs) && !(await isAnyRunnable(pids));
    quietLooks = isQuiet ? quietLooks + 1 : 0;
    if (nowMs > giveUpAtMs) return;
    before = now;
  }
}

/** Time that all threads of the processes have spent on a CPU since they began. */
export async function readCpuMs(pids: readonly number[]): Promise<number> {
  const times = await Promise.all(pids.map(readProcessCpuMs));
  return times.reduce((sum, time) => sum + time, 0);
}

async function readProcessCpuMs(pid: number): Promise<number> {
  const texts = await readOfThreads(pid, "schedstat");
  return texts.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / nanosPerMilli;
}

/** Whether a thread of the processes has something to do, be it that on a busy machine it has to wait for its core. */
async function isAnyRunnable(pids: readonly number[]): Promise<boolean> {
  const texts = (await Promise.all(pids.map((pid) => readOfThreads(pid, "stat")))).flat();
  // The state stands behind the name, which may have anything in it (proc_pid_stat(5)).
  return texts.some((text) => text.slice(text.lastIndexOf(")")).startsWith(") R"));
}

async function readOfThreads(pid: number, file: "schedstat" | "stat"): Promise<readonly string[]> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    return await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/${file}`, "utf8")),
    );
  } catch {
    // The process, or one of its threads, ended while it was looked at: nothing is left behind there.
    return [];
  }
}

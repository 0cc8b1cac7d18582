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
  // Twice in a row: on a busy machine one short look may fall into a time in which it had to wait for its core.
  for (let quietLooks = 0; quietLooks < 2; ) {
    const startedAtMs = performance.now();
    await wait(watchMs);
    const now = await readCpuMs(await process.pids());
    const nowMs = performance.now();
    quietLooks = now - before <= quietShare * (nowMs - startedAtMs) ? quietLooks + 1 : 0;
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
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const texts = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")),
    );
    return texts.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / nanosPerMilli;
  } catch {
    // The process, or one of its threads, ended while it was looked at: nothing is left behind there.
    return 0;
  }
}

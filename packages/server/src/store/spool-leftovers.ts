import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError } from "@llm-platform/kit";
import { type InstanceLock, takeInstanceLock } from "./instance-lock.ts";
import type { Recovery, SpoolLedger } from "./spool-port.ts";
import { recoverSpool } from "./spool-recovery.ts";
import { toStorageError } from "./storage-error.ts";

const workerFolder = /^worker-\d+$/;
const lockLookMs = 20;
/** A worker ends within milliseconds of the server that it belongs to, unless the system has halted it. */
const lockWaitMs = 10_000;

/** The folder of a worker's spool. */
export function workerSpoolFolder(spoolDirectory: string, worker: number): string {
  return join(spoolDirectory, `worker-${worker}`);
}

/** Holds a worker's folder until the process ends. Throws PlatformError `conflict` when another process holds it. */
export function holdWorkerSpool(directory: string): InstanceLock {
  return takeInstanceLock(directory);
}

/**
 * Hands what the workers of the server before left to the ledger, however many they were, and removes their folders.
 * Rejects with PlatformError `conflict` when one of them goes on though its server is gone.
 */
export async function recoverLeftovers(spoolDirectory: string, ledger: SpoolLedger): Promise<Recovery> {
  const sum = { records: 0, interrupted: 0, unreadableLines: 0 };
  for (const name of await listFolders(spoolDirectory)) {
    const directory = join(spoolDirectory, name);
    const lock = await takeWhenFree(directory);
    try {
      const { records, interrupted, unreadableLines } = await recoverSpool(directory, ledger);
      sum.records += records;
      sum.interrupted += interrupted;
      sum.unreadableLines += unreadableLines;
    } catch (error) {
      throw toStorageError(error);
    } finally {
      lock.release();
    }
    await rm(directory, { recursive: true, force: true });
  }
  return sum;
}

async function listFolders(spoolDirectory: string): Promise<readonly string[]> {
  try {
    return (await readdir(spoolDirectory)).filter((name) => workerFolder.test(name)).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw toStorageError(error);
  }
}

async function takeWhenFree(directory: string): Promise<InstanceLock> {
  const untilMs = performance.now() + lockWaitMs;
  for (;;) {
    try {
      return takeInstanceLock(directory);
    } catch (error) {
      const isHeld = error instanceof PlatformError && error.code === "conflict";
      if (!isHeld || performance.now() > untilMs) throw error;
    }
    await sleep(lockLookMs);
  }
}

import { readFile } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import type { Gpu } from "@llm-platform/kit";

const tinyModelBytes = 64 * 1000 * 1000;
const memoryShare = 0.8;

/** What this process may really use. */
export interface AvailableResources {
  /** Whole cores, at least 1. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** What that would be if nothing else took any. */
  readonly totalMemoryBytes: number;
}

/** Looks at the machine and at the limits of the control group that the process runs in. */
export async function readAvailableResources(): Promise<AvailableResources> {
  const cores = coresWithin(availableParallelism(), await readCoreQuota());
  const bound = process.constrainedMemory();
  const totalMemoryBytes = bound > 0 ? Math.min(bound, totalmem()) : totalmem();
  return { cores, memoryBytes: process.availableMemory(), totalMemoryBytes };
}

/** Whole cores under a quota, at least 1: a thread more than that only makes the others wait. */
export function coresWithin(cores: number, quota: number | undefined): number {
  return Math.max(1, Math.floor(Math.min(cores, quota ?? cores)));
}

/** Threads for a model. For a tiny one a single thread is faster than any number of threads that wait for each other. */
export function threadsFor(sizeBytes: number, cores: number, wanted: number | undefined): number {
  if (wanted !== undefined) return wanted;
  return sizeBytes < tinyModelBytes ? 1 : cores;
}

/** Memory that all models may take together. */
export function memoryLimitOf(memoryBytes: number, wantedBytes: number | undefined): number {
  return wantedBytes ?? Math.floor(memoryBytes * memoryShare);
}

/** What is free of the memory of all GPUs; one whose driver does not tell counts for none. */
export function freeGpuBytes(gpus: readonly Gpu[]): number {
  return gpus.reduce(
    (sum, { memoryTotalBytes = 0, memoryUsedBytes = 0 }) =>
      sum + Math.max(0, memoryTotalBytes - memoryUsedBytes),
    0,
  );
}

/** Memory in use of all GPUs; undefined where no driver tells. */
export function usedGpuBytes(gpus: readonly Gpu[]): number | undefined {
  const told = gpus.flatMap(({ memoryUsedBytes }) => memoryUsedBytes ?? []);
  return told.length === 0 ? undefined : told.reduce((sum, bytes) => sum + bytes, 0);
}

/** `max 100000` or `150000 100000` (version 2); undefined when there is no limit. */
export function parseCpuMax(text: string): number | undefined {
  const [quota, period] = text.trim().split(/\s+/).map(Number);
  if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0)) return undefined;
  return quota / period;
}

async function readCoreQuota(): Promise<number | undefined> {
  const v2 = await readText("/sys/fs/cgroup/cpu.max");
  if (v2 !== undefined) return parseCpuMax(v2);
  const quota = await readText("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const period = await readText("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return quota === undefined || period === undefined ? undefined : parseCpuMax(`${quota} ${period}`);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    // The file exists only where such a control group does; without it there is no quota.
    return undefined;
  }
}

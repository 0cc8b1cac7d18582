import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { toPlatformError } from "@llm-platform/kit";
import { z } from "zod";
import type { FromBackupWorker, ToBackupWorker } from "./backup-messages.ts";
import { makeBackup } from "./make-backup.ts";
import { verifyBackup } from "./verify.ts";

// The program of the thread that `createBackups` starts: it makes or verifies one backup, says what that came to, and ends.

const job = z
  .discriminatedUnion("job", [
    z.object({
      job: z.literal("make"),
      dataDirectory: z.string(),
      directory: z.string(),
      name: z.string(),
      version: z.string(),
      createdAtMs: z.number(),
      isLive: z.boolean(),
    }),
    z.object({ job: z.literal("verify"), file: z.string() }),
  ])
  .parse(workerData);

const cancelled = new AbortController();
parentPort?.on("message", (message: ToBackupWorker) => {
  if (message === "cancel") cancelled.abort();
});

giveWay();
const outcome = await work().catch((thrown: unknown): FromBackupWorker => {
  const { code, message, cause } = toPlatformError(thrown, "The backup failed.");
  return {
    type: "failed",
    code,
    message,
    cause: cause instanceof Error ? (cause.stack ?? cause.message) : undefined,
  };
});
parentPort?.postMessage(outcome);
parentPort?.close();

async function work(): Promise<FromBackupWorker> {
  const { signal } = cancelled;
  if (job.job === "verify") return { type: "verified", manifest: await verifyBackup(job.file, { signal }) };
  return { type: "made", made: await makeBackup(job, { signal }) };
}

/** Calls come first where cores are few. Only Linux knows a priority of a single thread. */
function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Without it the backup takes its share like any other thread.
  }
}

import { readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Log, PlatformError } from "@llm-platform/kit";
import type { FromBackupWorker, ToBackupWorker } from "./backup-messages.ts";
import { type BackupInput, backupName, type MadeBackup, partialEnd, stagingEnd } from "./make-backup.ts";

export interface BackupsParts {
  readonly dataDirectory: string;
  /** Of this program. */
  readonly version: string;
  readonly log: Log;
  /** Wall time. Default `Date.now`. */
  readonly nowMs?: () => number;
  /** Makes one. Default: in a thread of its own, so that no call waits for it. */
  readonly make?: (input: BackupInput, signal: AbortSignal) => Promise<MadeBackup>;
}

/**
 * Makes backups of a running server, one at a time. Rejects with PlatformError as `makeBackup` does, and `conflict` while
 * another is made.
 */
export interface Backups {
  /** Whether one is being made now. */
  readonly isMaking: boolean;
  /** Makes one and keeps it in the folder `backups` of the data folder. */
  create(signal: AbortSignal): Promise<MadeBackup>;
  /** Makes one and removes it when `use` has ended. The next can be made after that only. */
  lend(signal: AbortSignal, use: (made: MadeBackup) => Promise<void>): Promise<void>;
  /** Cancels the one that is made, and resolves when nothing of it is left. */
  stop(): Promise<void>;
}

const folderName = "backups";
const lentEnd = ".lent";

/** What a server that was killed left of backups goes now. */
export function createBackups(parts: BackupsParts): Backups {
  const { dataDirectory, version, log, nowMs = Date.now, make = makeInThread } = parts;
  const directory = join(dataDirectory, folderName);
  const stopping = new AbortController();
  let current: Promise<unknown> | undefined;
  let isMaking = false;
  removeLeftovers(directory, log);

  async function run(end: string, signal: AbortSignal): Promise<MadeBackup> {
    const createdAtMs = nowMs();
    const name = backupName(createdAtMs) + end;
    const input = { dataDirectory, directory, name, version, createdAtMs, isLive: true };
    isMaking = true;
    try {
      const made = await make(input, AbortSignal.any([signal, stopping.signal]));
      log.info("backup.made", { bytes: made.bytes, took_ms: nowMs() - createdAtMs });
      return made;
    } catch (error) {
      log.warn("backup.failed", { error });
      throw error;
    } finally {
      isMaking = false;
    }
  }

  async function oneAtATime<Result>(action: () => Promise<Result>): Promise<Result> {
    if (current !== undefined)
      throw new PlatformError("conflict", "A backup is being made. Wait for its end.", {
        retryAfterMs: 10_000,
      });
    const running = action();
    current = running;
    try {
      return await running;
    } finally {
      current = undefined;
    }
  }

  return {
    get isMaking() {
      return isMaking;
    },
    create: (signal) => oneAtATime(() => run("", signal)),
    lend: (signal, use) =>
      oneAtATime(async () => {
        const made = await run(lentEnd, signal);
        try {
          await use(made);
        } finally {
          // On a thread of the pool: the file system takes tens of milliseconds for a large one.
          await rm(made.file, { force: true });
        }
      }),
    async stop() {
      stopping.abort();
      await current?.catch(() => {
        // Whoever asked for it is told.
      });
    },
  };
}

function removeLeftovers(directory: string, log: Log): void {
  try {
    for (const name of readdirSync(directory))
      if ([partialEnd, stagingEnd, lentEnd].some((end) => name.endsWith(end)))
        rmSync(join(directory, name), { recursive: true, force: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    log.warn("backup.leftovers_not_removed", { error });
  }
}

function makeInThread(input: BackupInput, signal: AbortSignal): Promise<MadeBackup> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<MadeBackup>();
  const program = new URL(`./backup-worker${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(program, { workerData: input });
  const cancel = () => worker.postMessage("cancel" satisfies ToBackupWorker);
  signal.addEventListener("abort", cancel, { once: true });
  worker.on("message", (message: FromBackupWorker) => {
    if (message.type === "made") resolve(message.made);
    else reject(new PlatformError(message.code, message.message, { cause: message.cause }));
  });
  worker.on("error", (cause) =>
    reject(new PlatformError("unavailable", "The backup failed. The log has the reason.", { cause })),
  );
  worker.on("exit", () => {
    signal.removeEventListener("abort", cancel);
    reject(new PlatformError("unavailable", "The backup ended before it was made. Make it again."));
  });
  return promise;
}

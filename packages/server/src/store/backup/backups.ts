import { readdirSync, rmSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { type Log, PlatformError } from "@llm-platform/kit";
import type { BackupJob, FromBackupWorker, ToBackupWorker } from "./backup-messages.ts";
import type { Manifest } from "./manifest.ts";
import {
  type BackupInput,
  backupName,
  isBackupName,
  type MadeBackup,
  partialEnd,
  stagingEnd,
} from "./make-backup.ts";

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

/** A backup that is kept in the data folder. */
export interface KeptBackup {
  readonly name: string;
  /** Its path on this machine. */
  readonly file: string;
  readonly bytes: number;
  readonly madeAtMs: number;
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
  /** Those that are kept, newest first. */
  list(): Promise<readonly KeptBackup[]>;
  /**
   * Proves that a kept one can be restored, and resolves with what it says of itself. Rejects with PlatformError
   * `not_found`, and as `verifyBackup` does.
   */
  verify(name: string, signal: AbortSignal): Promise<Manifest>;
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
    list: () => listKept(directory),
    async verify(name, signal) {
      const kept = (await listKept(directory)).find((each) => each.name === name);
      if (kept === undefined)
        throw new PlatformError("not_found", `There is no backup with the name ${name} in ${directory}.`);
      const stop = AbortSignal.any([signal, stopping.signal]);
      const outcome = await runInThread({ job: "verify", file: kept.file }, stop);
      if (outcome.type !== "verified") throw lostThread();
      return outcome.manifest;
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

async function listKept(directory: string): Promise<readonly KeptBackup[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new PlatformError("unavailable", `${directory} cannot be read. Check its permissions.`, {
      cause: error,
    });
  });
  const kept = await Promise.all(
    names.filter(isBackupName).map(async (name) => {
      const file = join(directory, name);
      // One that is deleted meanwhile is not there.
      const facts = await stat(file).catch(() => undefined);
      return facts === undefined ? [] : [{ name, file, bytes: facts.size, madeAtMs: facts.mtimeMs }];
    }),
  );
  return kept.flat().toSorted((one, other) => other.madeAtMs - one.madeAtMs);
}

async function makeInThread(input: BackupInput, signal: AbortSignal): Promise<MadeBackup> {
  const outcome = await runInThread({ job: "make", ...input }, signal);
  if (outcome.type !== "made") throw lostThread();
  return outcome.made;
}

type Outcome = Exclude<FromBackupWorker, { readonly type: "failed" }>;

function runInThread(job: BackupJob, signal: AbortSignal): Promise<Outcome> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const program = new URL(`./backup-worker${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(program, { workerData: job });
  const cancel = () => worker.postMessage("cancel" satisfies ToBackupWorker);
  signal.addEventListener("abort", cancel, { once: true });
  worker.on("message", (message: FromBackupWorker) => {
    if (message.type === "failed")
      reject(new PlatformError(message.code, message.message, { cause: message.cause }));
    else resolve(message);
  });
  worker.on("error", (cause) =>
    reject(new PlatformError("unavailable", "The backup failed. The log has the reason.", { cause })),
  );
  worker.on("exit", () => {
    signal.removeEventListener("abort", cancel);
    reject(lostThread());
  });
  return promise;
}

function lostThread(): PlatformError {
  return new PlatformError("unavailable", "The work on the backup ended before it was done. Do it again.");
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { PlatformError } from "@llm-platform/kit";
import { toStorageError } from "./storage-error.ts";

/** Held while a server uses a data folder. */
export interface InstanceLock {
  release(): void;
}

const sqliteBusy = 5;

/**
 * Makes sure that one server at a time uses a data folder.
 *
 * The lock is an open exclusive transaction of a database of its own: the system lets go of it however the process
 * ends, and it works the same on every platform.
 * @throws PlatformError `conflict` when another server holds it
 */
export function takeInstanceLock(directory: string): InstanceLock {
  const holderFile = join(directory, "instance.pid");
  const database = lockDatabase(directory, holderFile);
  noteHolder(holderFile);
  return { release: () => database.close() };
}

function lockDatabase(directory: string, holderFile: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(directory, "instance.lock"), { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof Error && "errcode" in error && error.errcode === sqliteBusy) {
      throw new PlatformError(
        "conflict",
        `Another server (process ${readHolder(holderFile)}) uses the data folder ${directory}. Stop it, or give this one a folder of its own with LLM_PLATFORM_DATA_DIR.`,
        { cause: error },
      );
    }
    throw toStorageError(error);
  }
}

function noteHolder(holderFile: string): void {
  try {
    writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // It only makes the refusal of a second server clearer; a full disk must not keep the first from starting.
  }
}

function readHolder(holderFile: string): string {
  try {
    return readFileSync(holderFile, "utf8").trim();
  } catch {
    // The other server holds the lock, but has not said yet who it is.
    return "unknown";
  }
}

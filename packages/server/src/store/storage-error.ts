import { PlatformError } from "@llm-platform/kit";
import { takenError } from "./taken-error.ts";

const sqliteFull = 13;
const sqliteReadOnly = 8;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;
/** Extended codes of a constraint that says that something is there once: its primary key, or another index. */
const sqliteTaken = [1_555, 2_067];

/**
 * Runs something against the database. Whatever it throws becomes PlatformError, worded for callers: `conflict` for what is
 * there already, else `unavailable`.
 */
export function guardStorage<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw toStorageError(error);
  }
}

/** The same for what answers later. */
export async function guardStorageLater<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw toStorageError(error);
  }
}

/** Says what is the matter with the database, without its path. */
export function toStorageError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const taken = takenColumnsOf(error);
  if (taken !== undefined) return takenError(taken, error);
  return new PlatformError("unavailable", messageFor(sqliteCodeOf(error)), { cause: error });
}

/** Whether SQLite says that the file is not a sound database. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  return code === sqliteCorrupt || code === sqliteNotADatabase;
}

/** Columns of the index by which a row is there already; undefined when that is not what is wrong. */
function takenColumnsOf(error: unknown): readonly string[] | undefined {
  const code = extendedCodeOf(error);
  if (code === undefined || !sqliteTaken.includes(code)) return undefined;
  const [, list = ""] = /constraint failed: (.*)$/.exec(error instanceof Error ? error.message : "") ?? [];
  return list.split(", ").map((column) => column.slice(column.indexOf(".") + 1));
}

/** SQLite's primary result code; undefined when the error is not SQLite's. */
function sqliteCodeOf(error: unknown): number | undefined {
  const code = extendedCodeOf(error);
  return code === undefined ? undefined : code & 0xff;
}

function extendedCodeOf(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode
    : undefined;
}

function messageFor(code: number | undefined): string {
  switch (code) {
    case sqliteFull:
      return "The database could not be written: its disk is full. Free some space; nothing needs a restart.";
    case sqliteReadOnly:
      return "The database could not be written: it is read-only. Check the permissions of the data folder.";
    case sqliteCorrupt:
    case sqliteNotADatabase:
      return "The database is damaged. Stop the server and restore a backup of the data folder.";
    default:
      return "The database did not answer. Check the disk of the data folder.";
  }
}

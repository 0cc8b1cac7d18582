import { PlatformError } from "@llm-platform/kit";

const sqliteFull = 13;
const sqliteReadOnly = 8;
const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;

/** Runs something against the database. Whatever it throws becomes PlatformError `unavailable`, worded for callers. */
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
  return new PlatformError("unavailable", messageFor(sqliteCodeOf(error)), { cause: error });
}

/** Whether SQLite says that the file is not a sound database. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  return code === sqliteCorrupt || code === sqliteNotADatabase;
}

/** SQLite's primary result code; undefined when the error is not SQLite's. */
function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
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

import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { takeInstanceLock } from "../instance-lock.ts";
import { databaseName } from "./contents.ts";
import { refuseHalfRestored } from "./half-restored.ts";
import { type BackupControl, type BackupInput, makeBackup, type MadeBackup } from "./make-backup.ts";
import { refuseTaken } from "./receive.ts";
import { refuseReplica } from "./refuse-backups.ts";

export interface OfflineInput extends Pick<BackupInput, "dataDirectory" | "version" | "createdAtMs"> {
  /** The archive to be made. */
  readonly file: string;
}

/**
 * Makes a backup of the data folder of a stopped server. Calls that a killed server left open are in it as `interrupted`.
 * @throws PlatformError as `makeBackup`; `conflict` when a server uses the folder or the file is there, `not_found`
 */
export async function backUpOffline(input: OfflineInput, control: BackupControl): Promise<MadeBackup> {
  const { version, createdAtMs } = input;
  const dataDirectory = resolve(input.dataDirectory);
  const file = resolve(input.file);
  refuseTaken(file);
  refuseHalfRestored(dataDirectory);
  refuseReplica(dataDirectory, "pg_dump");
  if (!existsSync(join(dataDirectory, databaseName)))
    throw new PlatformError(
      "not_found",
      `${dataDirectory} is no data folder: it has no ${databaseName}. Name the right one with --data-dir.`,
    );
  const lock = takeInstanceLock(dataDirectory);
  try {
    return await makeBackup(
      {
        dataDirectory,
        directory: dirname(file),
        name: basename(file),
        version,
        createdAtMs,
        isLive: false,
      },
      control,
    );
  } finally {
    lock.release();
  }
}

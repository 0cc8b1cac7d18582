import { mkdtempSync, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BackupDisk, realDisk, requireRoom, toDiskError } from "./backup-disk.ts";
import { checkDatabase, refuseNewerBackup } from "./check-database.ts";
import { databaseName } from "./contents.ts";
import { openFileSink } from "./extract.ts";
import type { Manifest } from "./manifest.ts";
import { type ArchiveControl, readArchive } from "./read-archive.ts";

export interface VerifyControl extends ArchiveControl {
  readonly disk?: BackupDisk;
}

/**
 * Proves that a backup can be restored: every hash, SQLite's own check of the database, and its counts. The database is
 * unpacked into the system's temporary folder for it.
 * @throws PlatformError as `readArchive`; `conflict` for one of a newer version, `insufficient_storage`
 */
export async function verifyBackup(file: string, control: VerifyControl): Promise<Manifest> {
  const folder = mkdtempSync(join(tmpdir(), "llm-platform-verify-"));
  try {
    const manifest = await readArchive({
      file,
      ...control,
      onManifest(told) {
        refuseNewerBackup(told);
        requireRoom(control.disk ?? realDisk, folder, told.files[0]?.bytes ?? 0);
      },
      openSink: async (saved) =>
        saved.name === databaseName ? await openFileSink(folder, saved) : undefined,
    });
    checkDatabase(join(folder, databaseName), manifest);
    return manifest;
  } catch (error) {
    throw toDiskError(error, "The check of the backup");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The size of a backup's file in bytes. */
export async function sizeOfBackup(file: string): Promise<number> {
  return (await stat(file)).size;
}

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { takeInstanceLock } from "../instance-lock.ts";
import { createKeyFile } from "../key-file.ts";
import { type BackupDisk, realDisk, requireRoom, toDiskError } from "./backup-disk.ts";
import { checkDatabase, refuseNewerBackup } from "./check-database.ts";
import { databaseName } from "./contents.ts";
import { syncFolder } from "./durable-files.ts";
import { openFileSink } from "./extract.ts";
import type { Manifest } from "./manifest.ts";
import { type ArchiveControl, readArchive } from "./read-archive.ts";
import { halfRestoredStart } from "./half-restored.ts";
import { verifyBackup } from "./verify.ts";
import { refuseReplica } from "./refuse-backups.ts";

export interface RestoreInput {
  readonly file: string;
  /** The data folder that it is restored into; made when it is missing. */
  readonly dataDirectory: string;
  /** Whether what stands in the folder is moved aside. Otherwise it must be empty. */
  readonly isForced: boolean;
  /** Only says what would be done. */
  readonly isDryRun: boolean;
  readonly nowMs: number;
}

export interface RestoreControl extends ArchiveControl {
  readonly disk?: BackupDisk;
}

export interface Restored {
  readonly manifest: Manifest;
  readonly dataDirectory: string;
  /** Where what stood in the folder is now, or would be; undefined when it was empty. */
  readonly movedTo: string | undefined;
  /** A key file moved aside, or that would be, which opens the backup's secrets. */
  readonly keyFile: string | undefined;
}

const partialStart = ".restore-partial-";
const asideStart = "before-restore-";
/** What is not moved: the lock that is held, what earlier restores moved, and what file systems have of their own. */
const staying = /^(instance\.(lock(-journal)?|pid)|\.restore-partial-.*|before-restore-.*|lost\+found)$/;

/**
 * Restores a backup into the data folder of a stopped server. Everything is unpacked beside its place and proved before
 * anything there is touched. Then what stood there goes aside and the new takes its place by renames, the database last;
 * a server refuses to start on a folder where that was cut off, and another restore completes it. Nothing is deleted.
 * @throws PlatformError as `verifyBackup`; `conflict` when the folder is in use, or not empty without `isForced`
 */
export async function restoreBackup(input: RestoreInput, control: RestoreControl): Promise<Restored> {
  const dataDirectory = resolve(input.dataDirectory);
  refuseReplica(dataDirectory, "pg_restore");
  const before = listStanding(dataDirectory);
  if (before.length > 0 && !input.isForced)
    throw new PlatformError(
      "conflict",
      `The folder ${dataDirectory} is not empty (it has ${before.slice(0, 3).join(", ")}). Name another, or add --force to move what is in it aside.`,
    );
  try {
    if (input.isDryRun) return await rehearse({ ...input, dataDirectory }, before, control);
    return await restoreInto({ ...input, dataDirectory }, control);
  } catch (error) {
    throw toDiskError(error, "The restore");
  }
}

async function rehearse(
  input: RestoreInput,
  before: readonly string[],
  control: RestoreControl,
): Promise<Restored> {
  // A folder without a lock was never used; one is not made here, for nothing is to be written.
  if (existsSync(join(input.dataDirectory, "instance.lock"))) takeInstanceLock(input.dataDirectory).release();
  const manifest = await verifyBackup(input.file, control);
  const aside = before.length === 0 ? undefined : asideOf(input);
  return { ...toRestored(input, manifest, aside), keyFile: undefined };
}

async function restoreInto(input: RestoreInput, control: RestoreControl): Promise<Restored> {
  const { dataDirectory } = input;
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const lock = takeInstanceLock(dataDirectory);
  try {
    removePartials(dataDirectory);
    const partial = mkdtempSync(join(dataDirectory, partialStart));
    try {
      const manifest = await unpack(input.file, partial, control);
      control.signal.throwIfAborted();
      const aside = putInPlace(input, partial);
      return toRestored(input, manifest, aside);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
}

/** What a restore that was killed had unpacked, and nothing else, goes: nobody uses the folder now. */
function removePartials(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory))
    if (name.startsWith(partialStart)) rmSync(join(dataDirectory, name), { recursive: true, force: true });
}

async function unpack(file: string, into: string, control: RestoreControl): Promise<Manifest> {
  const manifest = await readArchive({
    file,
    ...control,
    onManifest(told) {
      refuseNewerBackup(told);
      const bytes = told.files.reduce((sum, each) => sum + each.bytes, 0);
      requireRoom(control.disk ?? realDisk, into, bytes);
    },
    openSink: (saved) => openFileSink(into, saved),
  });
  checkDatabase(join(into, databaseName), manifest);
  for (const folder of foldersOf(manifest)) syncFolder(join(into, folder));
  return manifest;
}

/** Every folder that a file of the backup is in, down from the data folder itself. */
function foldersOf(manifest: Manifest): ReadonlySet<string> {
  const folders = new Set<string>(["."]);
  for (const { name } of manifest.files)
    for (let folder = dirname(name); !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  return folders;
}

/** Returns where what stood there is now. From the first rename to the last one the folder is marked. */
function putInPlace(input: RestoreInput, partial: string): string | undefined {
  const { dataDirectory } = input;
  const before = listStanding(dataDirectory);
  const aside = before.length === 0 ? undefined : asideOf(input);
  const marked = join(dataDirectory, `${halfRestoredStart}${toStamp(input.nowMs)}`);
  renameSync(partial, marked);
  syncFolder(dataDirectory);
  if (aside !== undefined) {
    mkdirSync(aside, { mode: 0o700 });
    for (const name of before) renameSync(join(dataDirectory, name), join(aside, name));
    syncFolder(aside);
  }
  for (const name of lastTheDatabase(readdirSync(marked)))
    renameSync(join(marked, name), join(dataDirectory, name));
  syncFolder(dataDirectory);
  rmdirSync(marked);
  syncFolder(dataDirectory);
  return aside;
}

function toRestored(input: RestoreInput, manifest: Manifest, movedTo: string | undefined): Restored {
  return {
    manifest,
    dataDirectory: input.dataDirectory,
    movedTo,
    keyFile: movedTo === undefined ? undefined : findKey(movedTo, manifest),
  };
}

/** A key that was moved aside, when it is one that the backup needs. */
function findKey(folder: string, { master_key_ids }: Manifest): string | undefined {
  const keyFile = createKeyFile(folder);
  try {
    const id = keyFile.read()?.id;
    return id !== undefined && master_key_ids.includes(id) ? keyFile.path : undefined;
  } catch {
    // A file that holds no key is of no help; whoever reads the ids looks for the right one elsewhere.
    return undefined;
  }
}

function asideOf({ dataDirectory, nowMs }: RestoreInput): string {
  return join(dataDirectory, `${asideStart}${toStamp(nowMs)}`);
}

function lastTheDatabase(names: readonly string[]): readonly string[] {
  return [...names.filter((name) => name !== databaseName), databaseName];
}

function toStamp(timeMs: number): string {
  return new Date(timeMs).toISOString().replaceAll(/[-:.]/g, "");
}

/** What stands in a data folder, apart from what stays there. */
function listStanding(dataDirectory: string): readonly string[] {
  try {
    return readdirSync(dataDirectory).filter((name) => !staying.test(name));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw toDiskError(error, "The restore");
  }
}

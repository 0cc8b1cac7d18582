import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longest path of a Unix socket on Linux is 107 bytes, on macOS 103. */
const maxPathBytes = 103;
const nameBytes = 6;
/** `s`, process id, start of that process in milliseconds (both to base 36), and what mkdtemp adds. */
const folderName = /^s([0-9a-z]+)-([0-9a-z]+)-\w{6}$/;

/** A folder for sockets that only this user can enter. */
export interface SocketFolder {
  /** A path that was never used before, so that no old connection is taken for a new one. */
  newPath(): string;
  remove(): Promise<void>;
}

/**
 * A new folder in `dataDirectory` where the path is short enough, else under the system's temporary one.
 *
 * Each start has a folder of its own, because while an instance is replaced the old and the new one
 * share `dataDirectory`. Folders of processes that were killed are removed.
 */
export async function openSocketFolder(dataDirectory: string): Promise<SocketFolder> {
  const prefix = `s${process.pid.toString(36)}-${processStart()}-`;
  const isShort = Buffer.byteLength(join(dataDirectory, `${prefix}xxxxxx`, newName())) <= maxPathBytes;
  await mkdir(dataDirectory, { recursive: true });
  await removeStale(dataDirectory);
  // mkdtemp makes folders with mode 0700.
  const folder = await mkdtemp(isShort ? join(dataDirectory, prefix) : join(tmpdir(), "llmp-"));
  return {
    newPath: () => join(folder, newName()),
    remove: async () => await rm(folder, { recursive: true, force: true }),
  };
}

function newName(): string {
  return `${randomBytes(nameBytes).toString("hex")}.sock`;
}

/** Tells processes with the same id apart: in a container every server has the same. */
function processStart(): string {
  return Math.floor(performance.timeOrigin).toString(36);
}

async function removeStale(dataDirectory: string): Promise<void> {
  for (const name of await readdir(dataDirectory)) {
    const match = folderName.exec(name);
    if (match === null) continue;
    const id = Number.parseInt(match[1] ?? "", 36);
    const isOwn = id === process.pid && match[2] === processStart();
    const isGone = id === process.pid ? !isOwn : !isAlive(id);
    if (isGone) await rm(join(dataDirectory, name), { recursive: true, force: true });
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    // A process of another user cannot be asked, but it lives.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

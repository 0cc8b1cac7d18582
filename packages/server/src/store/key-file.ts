import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlatformError } from "@llm-platform/kit";
import { parseMasterKey } from "../core/master-key-text.ts";
import { MasterKey } from "./master-key.ts";

/**
 * The master key in the data folder, for servers that are given none. Each member is one step that is there whole or
 * not at all, also after a loss of power. Throws PlatformError `unavailable`.
 */
export interface KeyFile {
  /** For the log and for people. */
  readonly path: string;
  /** The key; undefined when there is no file. Throws PlatformError `config_invalid` for one that holds no key. */
  read(): MasterKey | undefined;
  /** The key before, while a rotation is under way. */
  readPrevious(): MasterKey | undefined;
  write(key: MasterKey): void;
  writePrevious(key: MasterKey): void;
  dropPrevious(): void;
}

export function createKeyFile(directory: string): KeyFile {
  const path = join(directory, "master.key");
  const previous = `${path}.previous`;
  return {
    path,
    read: () => readKey(path),
    readPrevious: () => readKey(previous),
    write: (key) => replaceFile(directory, path, key),
    writePrevious: (key) => replaceFile(directory, previous, key),
    dropPrevious: () =>
      guardFile(previous, () => {
        rmSync(previous, { force: true });
        syncFolder(directory);
      }),
  };
}

function readKey(path: string): MasterKey | undefined {
  const text = guardFile(path, () => readText(path));
  if (text === undefined) return undefined;
  const bytes = parseMasterKey(text);
  if (bytes !== undefined) return new MasterKey(bytes);
  throw new PlatformError(
    "config_invalid",
    `The key file ${path} holds no master key (32 bytes in hexadecimal or base64). Restore it from where you keep a copy, or set LLM_PLATFORM_SECRETS__MASTER_KEY.`,
    { field: "secrets.master_key" },
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes beside it, has that on the disk, and then takes its place. */
function replaceFile(directory: string, path: string, key: MasterKey): void {
  const draft = `${path}.new`;
  guardFile(path, () => {
    // One that a crash left may have another mode.
    rmSync(draft, { force: true });
    const file = openSync(draft, "wx", 0o600);
    try {
      writeFileSync(file, `${key.format()}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
    syncFolder(directory);
  });
}

function syncFolder(directory: string): void {
  // Windows opens no folders, and keeps the order of renames by itself.
  if (process.platform === "win32") return;
  const folder = openSync(directory, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function guardFile<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof PlatformError) throw cause;
    throw new PlatformError(
      "unavailable",
      `The key file ${path} cannot be used (${codeOf(cause)}). Check its permissions and the disk of the data folder.`,
      { cause },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}

import { closeSync, fsyncSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";

/** Gives a file that is whole and on the disk its name, and returns when the name is on the disk too. */
export function takePlace(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** Has the disk take a file's content. */
export function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Has the disk take the names in a folder. */
export function syncFolder(directory: string): void {
  // Windows opens no folders, and keeps the order of renames by itself.
  if (process.platform === "win32") return;
  const folder = openSync(directory, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

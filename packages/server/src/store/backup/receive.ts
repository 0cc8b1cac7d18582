import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { PlatformError } from "@llm-platform/kit";
import { toDiskError } from "./backup-disk.ts";
import { takePlace } from "./durable-files.ts";
import { partialEnd } from "./make-backup.ts";
import type { Manifest } from "./manifest.ts";
import { readArchive } from "./read-archive.ts";

/** A backup as a server sends it. */
export interface SentBackup {
  readonly body: AsyncIterable<Uint8Array>;
  readonly bytes: number;
  /** Of the whole, in hexadecimal. */
  readonly sha256: string;
}

export interface ReceiveControl {
  readonly signal: AbortSignal;
  onProgress?(phase: "receive" | "verify", doneBytes: number, totalBytes: number): void;
}

/** Throws PlatformError `conflict` when a file is there that a backup would replace. */
export function refuseTaken(file: string): void {
  if (!existsSync(file)) return;
  throw new PlatformError("conflict", `The file ${file} is there already. Name another, or move it away.`);
}

/**
 * Writes a backup that a server sends to a file, which is there whole or not at all.
 * @throws PlatformError `conflict` when the file is there, `invalid_request` when it arrived altered,
 * `insufficient_storage`, `unavailable`; and what the body throws
 */
export async function receiveBackup(
  sent: SentBackup,
  file: string,
  control: ReceiveControl,
): Promise<Manifest> {
  refuseTaken(file);
  const partial = `${file}${partialEnd}`;
  try {
    // One that a crash left may have another mode.
    rmSync(partial, { force: true });
    await writeBody(sent, partial, control);
    const manifest = await readArchive({
      file: partial,
      signal: control.signal,
      onProgress: (done, total) => control.onProgress?.("verify", done, total),
    });
    takePlace(partial, file);
    return manifest;
  } catch (error) {
    rmSync(partial, { force: true });
    throw toDiskErrorOfOurs(error);
  }
}

async function writeBody(sent: SentBackup, path: string, control: ReceiveControl): Promise<void> {
  const hash = createHash("sha256");
  const handle = await open(path, "wx", 0o600);
  try {
    let bytes = 0;
    for await (const chunk of sent.body) {
      control.signal.throwIfAborted();
      await handle.writeFile(chunk);
      hash.update(chunk);
      bytes += chunk.byteLength;
      control.onProgress?.("receive", bytes, sent.bytes);
    }
    if (bytes !== sent.bytes || hash.digest("hex") !== sent.sha256)
      throw new PlatformError("invalid_request", "The backup arrived altered. Make it again.");
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What the file system throws, in words; what the body threw goes on as it is. */
function toDiskErrorOfOurs(error: unknown): unknown {
  const isFileSystems = error instanceof Error && "syscall" in error;
  return isFileSystems ? toDiskError(error, "Writing the backup") : error;
}

import { createHash, type Hash } from "node:crypto";
import { closeSync, fdatasyncSync, fsyncSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { archiveBytes, blockBytes, encodeHeader, paddingOf } from "./archive-header.ts";
import type { BackupDisk } from "./backup-disk.ts";
import type { DataFile } from "./data-files.ts";
import {
  encodeManifest,
  type Manifest,
  manifestHashBytes,
  manifestHashName,
  manifestName,
  type SavedFile,
} from "./manifest.ts";

/** What reads and writes have in common. */
export interface CopyControl {
  readonly signal: AbortSignal;
  onProgress(doneBytes: number, totalBytes: number): void;
}

export interface ArchiveInput extends CopyControl {
  /** Must not be there yet. Readable by its owner only. */
  readonly file: string;
  readonly manifest: Manifest;
  /** Where the manifest's files are. */
  readonly folder: string;
  readonly disk: BackupDisk;
}

export interface WrittenArchive {
  readonly bytes: number;
  readonly sha256: string;
}

/** Read, hashed and written at a time. Between two, the thread hears whether to stop. */
const chunkBytes = 1024 * 1024;

/** The disk is asked to take what was written this often: a flood of writes at once would make others wait for theirs. */
const bytesPerSync = 8 * 1024 * 1024;

/** The SHA-256 of each file. */
export async function hashFiles(
  folder: string,
  files: readonly DataFile[],
  { signal, onProgress }: CopyControl,
): Promise<readonly SavedFile[]> {
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let doneBytes = 0;
  const hashed: SavedFile[] = [];
  for (const file of files) {
    const hash = createHash("sha256");
    for await (const chunk of readChunks(join(folder, file.name), file.bytes)) {
      signal.throwIfAborted();
      hash.update(chunk);
      doneBytes += chunk.byteLength;
      onProgress(doneBytes, totalBytes);
    }
    hashed.push({ ...file, sha256: hash.digest("hex") });
  }
  return hashed;
}

/** Writes an archive, and returns when it is on the disk. Throws what the file system throws. */
export async function writeArchive(input: ArchiveInput): Promise<WrittenArchive> {
  const manifest = encodeManifest(input.manifest);
  const manifestHash = Buffer.from(`${createHash("sha256").update(manifest).digest("hex")}\n`);
  const totalBytes = archiveBytes([
    { name: manifestName, bytes: manifest.byteLength },
    { name: manifestHashName, bytes: manifestHashBytes },
    ...input.manifest.files,
  ]);
  const descriptor = openSync(input.file, "wx", 0o600);
  try {
    const output = new ArchiveOutput(descriptor, input, totalBytes);
    output.addWhole(manifestName, manifest);
    output.addWhole(manifestHashName, manifestHash);
    for (const file of input.manifest.files) await output.addFile(file, join(input.folder, file.name));
    output.end();
    fsyncSync(descriptor);
    return { bytes: output.bytes, sha256: output.digest() };
  } finally {
    closeSync(descriptor);
  }
}

class ArchiveOutput {
  bytes = 0;
  #syncedBytes = 0;
  readonly #descriptor: number;
  readonly #input: ArchiveInput;
  readonly #totalBytes: number;
  readonly #hash: Hash = createHash("sha256");

  constructor(descriptor: number, input: ArchiveInput, totalBytes: number) {
    this.#descriptor = descriptor;
    this.#input = input;
    this.#totalBytes = totalBytes;
  }

  addWhole(name: string, content: Buffer): void {
    this.#append(encodeHeader({ name, bytes: content.byteLength }));
    this.#append(content);
    this.#append(Buffer.alloc(paddingOf(content.byteLength)));
  }

  async addFile(file: DataFile, path: string): Promise<void> {
    this.#append(encodeHeader(file));
    for await (const chunk of readChunks(path, file.bytes)) {
      this.#input.signal.throwIfAborted();
      this.#append(chunk);
      this.#syncNowAndThen();
      this.#input.onProgress(this.bytes, this.#totalBytes);
    }
    this.#append(Buffer.alloc(paddingOf(file.bytes)));
  }

  end(): void {
    this.#append(Buffer.alloc(2 * blockBytes));
  }

  digest(): string {
    return this.#hash.digest("hex");
  }

  #syncNowAndThen(): void {
    if (this.bytes - this.#syncedBytes < bytesPerSync) return;
    fdatasyncSync(this.#descriptor);
    this.#syncedBytes = this.bytes;
  }

  #append(bytes: Uint8Array): void {
    this.#input.disk.append(this.#descriptor, bytes);
    this.#hash.update(bytes);
    this.bytes += bytes.byteLength;
  }
}

/** The first bytes of a file in one buffer that is used again. Throws RangeError when there are fewer. */
async function* readChunks(path: string, bytes: number): AsyncGenerator<Buffer> {
  const descriptor = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, bytes)));
    for (let done = 0; done < bytes; ) {
      const read = readSync(descriptor, buffer, 0, Math.min(buffer.byteLength, bytes - done), null);
      if (read === 0) throw new RangeError(`${path} became shorter while it was read`);
      done += read;
      yield buffer.subarray(0, read);
      await nextTurn();
    }
  } finally {
    closeSync(descriptor);
  }
}

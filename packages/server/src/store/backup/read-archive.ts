import { createHash, hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { PlatformError } from "@llm-platform/kit";
import { blockBytes, encodeHeader, paddingOf, readName, readSize } from "./archive-header.ts";
import {
  decodeManifest,
  expectedBytes,
  largestManifestBytes,
  type Manifest,
  manifestHashBytes,
  manifestHashName,
  manifestName,
  type SavedFile,
} from "./manifest.ts";

/** Takes the content of one file of an archive. Nothing of it may be used before the whole archive was read. */
export interface FileSink {
  write(bytes: Uint8Array): Promise<void>;
  /** Runs once, whether all came or not. */
  close(): Promise<void>;
}

export interface ArchiveControl {
  readonly signal: AbortSignal;
  onProgress?(doneBytes: number, totalBytes: number): void;
}

export interface ReadInput extends ArchiveControl {
  readonly file: string;
  /** Called with the manifest before any content, to refuse the archive by throwing. */
  onManifest?(manifest: Manifest): void;
  /** Where a file's content goes; undefined for nowhere. */
  openSink?(file: SavedFile): Promise<FileSink | undefined>;
}

const chunkBytes = 1024 * 1024;

/**
 * Reads an archive and proves every byte of it: contents by their SHA-256, all else by being what the manifest says,
 * exactly. An archive says itself what is in it only in its manifest: names, links and sizes of a foreign one have no
 * effect. Memory is bounded whatever the archive says.
 * @throws PlatformError `invalid_request` that names the first bad entry, `conflict` for a newer format, `not_found` and
 * `unavailable` when it cannot be read, and what the sinks throw
 */
export async function readArchive(input: ReadInput): Promise<Manifest> {
  const handle = await openArchive(input.file);
  try {
    const { size } = await handle.stat();
    const reader = new ArchiveReader(handle, size, input);
    const { manifest, bytes } = await reader.readManifest();
    input.onManifest?.(manifest);
    for (const file of manifest.files) {
      const sink = await input.openSink?.(file);
      try {
        await reader.readFile(file, sink);
      } finally {
        await sink?.close();
      }
    }
    await reader.readEnd(expectedBytes(manifest, bytes));
    return manifest;
  } finally {
    await handle.close();
  }
}

async function openArchive(file: string): Promise<FileHandle> {
  try {
    return await open(file, "r");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    if (code === "ENOENT") throw new PlatformError("not_found", `There is no file ${file}.`, { cause });
    throw new PlatformError("unavailable", `${file} cannot be read (${code}).`, { cause });
  }
}

class ArchiveReader {
  readonly #handle: FileHandle;
  readonly #size: number;
  readonly #control: ArchiveControl;
  #offset = 0;

  constructor(handle: FileHandle, size: number, control: ArchiveControl) {
    this.#handle = handle;
    this.#size = size;
    this.#control = control;
  }

  async readManifest(): Promise<{ readonly manifest: Manifest; readonly bytes: number }> {
    const header = await this.#take(manifestName, blockBytes);
    const bytes = readSize(header);
    if (bytes === undefined || bytes > largestManifestBytes || !isHeaderOf(header, manifestName, bytes))
      throw damaged(manifestName, `in its place is ${describe(header)}: this is no whole backup`);
    const content = await this.#takePadded(manifestName, bytes);
    await this.#expectHeader(manifestHashName, manifestHashBytes);
    const told = await this.#takePadded(manifestHashName, manifestHashBytes);
    if (told.toString("latin1") !== `${hash("sha256", content)}\n`)
      throw damaged(manifestName, `it has not the SHA-256 that ${manifestHashName} says`);
    return { manifest: decodeManifest(content.toString("utf8")), bytes };
  }

  async readFile({ name, bytes, sha256 }: SavedFile, sink: FileSink | undefined): Promise<void> {
    await this.#expectHeader(name, bytes);
    this.#requireLeft(name, bytes + paddingOf(bytes));
    const content = createHash("sha256");
    for (let done = 0; done < bytes; ) {
      const chunk = await this.#take(name, Math.min(chunkBytes, bytes - done));
      content.update(chunk);
      await sink?.write(chunk);
      done += chunk.byteLength;
      this.#control.onProgress?.(this.#offset, this.#size);
    }
    if (content.digest("hex") !== sha256)
      throw damaged(name, "it has not the SHA-256 that the manifest says");
    await this.#expectZeros(name, paddingOf(bytes));
  }

  async readEnd(expected: number): Promise<void> {
    const block = await this.#take("the end", blockBytes);
    if (block.some((byte) => byte !== 0)) throw damaged(describe(block), "the manifest does not name it");
    await this.#expectZeros("the end", blockBytes);
    if (this.#size === expected) return;
    throw damaged("the end", `${this.#size - expected} bytes follow that do not belong to it`);
  }

  async #expectHeader(name: string, bytes: number): Promise<void> {
    const header = await this.#take(name, blockBytes);
    if (isHeaderOf(header, name, bytes)) return;
    throw damaged(name, `its header is not that of a file of ${bytes} bytes, but of ${describe(header)}`);
  }

  async #takePadded(name: string, bytes: number): Promise<Buffer> {
    const content = await this.#take(name, bytes);
    await this.#expectZeros(name, paddingOf(bytes));
    return content;
  }

  async #expectZeros(name: string, bytes: number): Promise<void> {
    const zeros = await this.#take(name, bytes);
    if (zeros.some((byte) => byte !== 0)) throw damaged(name, "something stands behind its content");
  }

  /** The next bytes; nothing is made room for that is not there. */
  async #take(name: string, bytes: number): Promise<Buffer> {
    this.#control.signal.throwIfAborted();
    this.#requireLeft(name, bytes);
    const buffer = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes; ) {
      const { bytesRead } = await this.#handle.read(buffer, done, bytes - done, this.#offset + done);
      if (bytesRead === 0) throw damaged(name, "the file became shorter while it was read");
      done += bytesRead;
    }
    this.#offset += bytes;
    return buffer;
  }

  #requireLeft(name: string, bytes: number): void {
    if (this.#offset + bytes <= this.#size) return;
    throw damaged(name, `the file ends within it, at ${this.#size} bytes; the rest is missing`);
  }
}

function isHeaderOf(header: Buffer, name: string, bytes: number): boolean {
  return header.equals(encodeHeader({ name, bytes }));
}

function describe(header: Buffer): string {
  return `the entry ${readName(header) ?? "without a name"}`;
}

function damaged(entry: string, why: string): PlatformError {
  return new PlatformError("invalid_request", `The backup is damaged at ${entry}: ${why}.`, { field: entry });
}

import { constants } from "node:fs";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseAuditLine } from "../core/audit-line.ts";
import { type AuditHead, chainStart, formatAuditLine, hashOf } from "../core/audit-record.ts";
import type { AuditReader, AuditSink } from "./audit-sink.ts";
import {
  type AuditFileName,
  decodeLine,
  formatFileName,
  listAuditFiles,
  longestLineBytes,
  noteName,
  readAuditLines,
  readNoteFile,
} from "./audit-files.ts";
import { digest } from "./digest.ts";
import { synchroniseDirectory } from "./file-sync.ts";

export interface AuditFileOptions {
  /** Made when it is missing, readable by its owner only. */
  readonly directory: string;
  /** A file that is as long as this is followed by a new one. Default 16 MiB. */
  readonly maxFileBytes?: number;
}

const defaultMaxFileBytes = 16 * 1024 * 1024;
const fileMode = 0o600;
/** A note is written over the one before, in one piece that no disk divides. */
const noteBytes = 128;

/** The files as they can be read without a server. */
export function readAuditFiles(directory: string): AuditReader {
  return {
    name: "file",
    lines: (afterSequence) => readAuditLines(directory, afterSequence),
    readNote: () => readNoteFile(directory),
  };
}

/** The audit log in files of one line for each record. Nothing is opened before `open`. */
export function createAuditFile(options: AuditFileOptions): AuditSink {
  return new AuditFile(options);
}

interface OpenFile {
  readonly handle: FileHandle;
  /** Of whole lines that were made durable. */
  bytes: number;
}

class AuditFile implements AuditSink {
  readonly name = "file";
  readonly #directory: string;
  readonly #maxFileBytes: number;
  #file: OpenFile | undefined;
  #note: FileHandle | undefined;

  constructor({ directory, maxFileBytes = defaultMaxFileBytes }: AuditFileOptions) {
    this.#directory = directory;
    this.#maxFileBytes = maxFileBytes;
  }

  lines(afterSequence: number): AsyncIterable<string> {
    return readAuditLines(this.#directory, afterSequence);
  }

  readNote(): Promise<AuditHead> {
    return readNoteFile(this.#directory);
  }

  async open(): Promise<AuditHead> {
    await this.close();
    const made = await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    if (made !== undefined) await synchroniseDirectory(dirname(made));
    const files = await listAuditFiles(this.#directory);
    for (const file of files.toReversed()) {
      const { handle, bytes, last } = await openAtEnd(file);
      this.#file = { handle, bytes };
      if (last !== undefined) return toHead(last, file);
      // One that was begun and never got a record.
      await this.close();
      await unlink(file.path);
    }
    return chainStart;
  }

  async append(records: Parameters<AuditSink["append"]>[0]): Promise<void> {
    const [first] = records;
    if (first === undefined) return;
    const file = await this.#fileFor(first.sequence);
    const text = Buffer.from(records.map((record) => `${formatAuditLine(record)}\n`).join(""));
    await writeAll(file.handle, text, file.bytes);
    await file.handle.datasync();
    file.bytes += text.byteLength;
  }

  async writeNote({ sequence, hash: noted }: AuditHead): Promise<void> {
    const path = join(this.#directory, noteName);
    const handle = this.#note ?? (await open(path, constants.O_RDWR | constants.O_CREAT, fileMode));
    this.#note = handle;
    const text = `${JSON.stringify({ sequence, hash: noted }).padEnd(noteBytes - 1)}\n`;
    await writeAll(handle, Buffer.from(text), 0);
  }

  async close(): Promise<void> {
    const open = [this.#file?.handle, this.#note];
    this.#file = undefined;
    this.#note = undefined;
    for (const handle of open) await handle?.close();
  }

  /** The file that is written to, or a new one when that is full. */
  async #fileFor(sequence: number): Promise<OpenFile> {
    const file = this.#file;
    if (file !== undefined && file.bytes < this.#maxFileBytes) return file;
    this.#file = undefined;
    await file?.handle.close();
    const handle = await open(join(this.#directory, formatFileName(sequence)), "wx", fileMode);
    const made = { handle, bytes: 0 };
    this.#file = made;
    await synchroniseDirectory(this.#directory);
    return made;
  }
}

/** Opens a file behind its last whole line. What follows that was never told to be written, and is taken away. */
async function openAtEnd({ path }: AuditFileName): Promise<{
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly last: string | undefined;
}> {
  const handle = await open(path, "r+");
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - 2 * longestLineBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    const tail = buffer.subarray(0, bytesRead);
    const end = tail.lastIndexOf("\n");
    if (end < 0 && from > 0) throw new Error(`the end of ${path} is no record`);
    const bytes = end < 0 ? from : from + end + 1;
    if (bytes < size) await handle.truncate(bytes);
    const last = end < 0 ? undefined : tail.subarray(tail.subarray(0, end).lastIndexOf("\n") + 1, end);
    return { handle, bytes, last: last === undefined ? undefined : decodeLine(last) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Throws for a line that is not as it was written: nothing may follow on it. */
function toHead(line: string, { first }: AuditFileName): AuditHead {
  const record = parseAuditLine(line);
  if (record === undefined || hashOf(record, digest) !== record.hash)
    throw new Error(`the last record of ${formatFileName(first)} was changed`);
  return { sequence: record.sequence, hash: record.hash };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.byteLength - written, at + written);
    written += bytesWritten;
  }
}

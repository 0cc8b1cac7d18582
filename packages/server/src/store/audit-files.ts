import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AuditHead, chainStart } from "../core/audit-record.ts";

/** Files of the audit log are called after the sequence number of their first record. */
export interface AuditFileName {
  readonly path: string;
  readonly first: number;
}

const namePattern = /^audit-(\d{12})\.jsonl$/;
/** Where the files of a chain are: the only one's in the folder itself, others beneath it. */
export function auditFolder(dataDirectory: string, chain: string): string {
  return join(dataDirectory, "audit", chain);
}

/** What of the other sink is known here. */
export const noteName = "database-head.json";
/** No record is as long. */
export const longestLineBytes = 1024 * 1024;
const lineEnd = 0x0a;

export function formatFileName(first: number): string {
  return `audit-${String(first).padStart(12, "0")}.jsonl`;
}

/** Oldest first; none where there is no folder. */
export async function listAuditFiles(directory: string): Promise<readonly AuditFileName[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const digits = namePattern.exec(name)?.[1];
      return digits === undefined ? [] : [{ path: join(directory, name), first: Number(digits) }];
    })
    .sort((a, b) => a.first - b.first);
}

/** Whole lines of all files from a sequence number on, as far as the files' names and the count of lines tell it. */
export async function* readAuditLines(directory: string, afterSequence: number): AsyncGenerator<string> {
  const files = await listAuditFiles(directory);
  const from = Math.max(
    0,
    files.findLastIndex(({ first }) => first <= afterSequence + 1),
  );
  let toSkip = Math.max(0, afterSequence + 1 - (files[from]?.first ?? 1));
  for (const { path } of files.slice(from)) {
    for await (const line of readFileLines(path)) {
      if (toSkip > 0) toSkip--;
      else yield line;
    }
  }
}

/** What stands behind the last line's end was being written when its writer ended: it is no record yet. */
async function* readFileLines(path: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    let bytes = Buffer.concat([rest, Buffer.from(chunk)]);
    for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd)) {
      yield decodeLine(bytes.subarray(0, end));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.byteLength > longestLineBytes) {
      yield "";
      return;
    }
    rest = bytes;
  }
}

/** An empty text for bytes that are no UTF-8: to read them as something else would hide that they were changed. */
export function decodeLine(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "";
  }
}

/** One that is not there or cannot be read says nothing. */
export async function readNoteFile(directory: string): Promise<AuditHead> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, noteName), "utf8"));
    if (typeof value !== "object" || value === null || !("sequence" in value) || !("hash" in value))
      return chainStart;
    const { sequence, hash } = value;
    return Number.isSafeInteger(sequence) && typeof hash === "string"
      ? { sequence: Number(sequence), hash }
      : chainStart;
  } catch {
    // Who can spoil the note could as well have written another; the records themselves are compared all the same.
    return chainStart;
  }
}

import { inflateRawSync } from "node:zlib";
import { type ByteSource, sliceSource, toByteSource, toView } from "./byte-source.ts";
import { FormatProblem } from "./format-problem.ts";
import { toPrintable } from "./printable.ts";

/** A file in an archive. Nothing is unpacked by listing it. */
export interface ZipEntry {
  readonly name: string;
  readonly isStored: boolean;
  /** As it lies in the archive. */
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

const endBytes = 22;
const maxCommentBytes = 65_535;
const maxEntries = 100_000;
const maxDirectoryBytes = 64 * 1024 * 1024;
const entryBytes = 46;
const localHeaderBytes = 30;
const signatures = {
  end: 0x06054b50,
  locator64: 0x07064b50,
  end64: 0x06064b50,
  entry: 0x02014b50,
  local: 0x04034b50,
};
const stored = 0;
const deflated = 8;
const large32 = 0xffffffff;
/** Encryption of two kinds, patches, masked headers: nothing that a model has. */
const refusedFlags = 0b0010_0000_0110_0001;

/**
 * The files of a ZIP archive by its directory, as long as the archive agrees with itself: what readers take differently
 * is how payloads pass scanners.
 *
 * @throws FormatProblem `corrupt`; `unsafe` for names that lead out of a folder, and entries that contradict themselves
 */
export function readZipDirectory(source: ByteSource): readonly ZipEntry[] {
  const { count, offset, bytes } = findDirectory(source);
  if (count > maxEntries || bytes > maxDirectoryBytes)
    throw new FormatProblem("unsafe", `it is an archive of ${count} entries; ${maxEntries} is the most`);
  const directory = source.read(offset, bytes);
  const view = toView(directory);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  for (let index = 0, at = 0; index < count; index += 1) {
    if (at + entryBytes > bytes || view.getUint32(at, true) !== signatures.entry)
      throw new FormatProblem("corrupt", "the directory of the archive is cut");
    const length =
      entryBytes +
      view.getUint16(at + 28, true) +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
    if (at + length > bytes) throw new FormatProblem("corrupt", "the directory of the archive is cut");
    const entry = readEntry(directory.subarray(at, at + length));
    if (names.has(entry.name)) throw contradiction(entry.name, "is in it twice");
    names.add(entry.name);
    checkLocalHeader(source, entry);
    entries.push(entry);
    at += length;
  }
  return entries;
}

/**
 * What an entry holds: as it lies there, or unpacked in memory.
 *
 * @param maxBytes most that is unpacked
 * @throws FormatProblem `unsafe` when the entry's own head tells otherwise than the directory
 */
export function openZipEntry(source: ByteSource, entry: ZipEntry, maxBytes: number): ByteSource {
  const { start, isStored } = checkLocalHeader(source, entry);
  if (isStored) return sliceSource(source, start, entry.packedBytes);
  if (entry.bytes > maxBytes || entry.packedBytes > maxBytes)
    throw new FormatProblem(
      "unsupported",
      `its packed part ${toPrintable(entry.name)} is too large to look into`,
    );
  try {
    const packed = source.read(start, entry.packedBytes);
    return toByteSource(inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.bytes) }));
  } catch (error) {
    if (error instanceof FormatProblem) throw error;
    throw contradiction(entry.name, "does not unpack to what the directory says");
  }
}

function findDirectory(source: ByteSource): { count: number; offset: number; bytes: number } {
  const length = Math.min(source.sizeBytes, endBytes + maxCommentBytes);
  const tail = source.read(source.sizeBytes - length, length);
  const view = toView(tail);
  for (let at = length - endBytes; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== signatures.end) continue;
    const count = view.getUint16(at + 10, true);
    const bytes = view.getUint32(at + 12, true);
    const offset = view.getUint32(at + 16, true);
    const locator = at - 20;
    const is64 = locator >= 0 && view.getUint32(locator, true) === signatures.locator64;
    return is64 ? readEnd64(source, view.getBigUint64(locator + 8, true)) : { count, offset, bytes };
  }
  throw new FormatProblem("corrupt", "it is an archive without a directory");
}

function readEnd64(source: ByteSource, at: bigint): { count: number; offset: number; bytes: number } {
  const end = toView(source.read(toSafe(at), 56));
  if (end.getUint32(0, true) !== signatures.end64)
    throw new FormatProblem("corrupt", "the directory of the archive is not where it says");
  return {
    count: toSafe(end.getBigUint64(32, true)),
    bytes: toSafe(end.getBigUint64(40, true)),
    offset: toSafe(end.getBigUint64(48, true)),
  };
}

function readEntry(bytes: Uint8Array): ZipEntry {
  const view = toView(bytes);
  const nameLength = view.getUint16(28, true);
  const name = new TextDecoder().decode(bytes.subarray(entryBytes, entryBytes + nameLength));
  const method = view.getUint16(10, true);
  if (isEscaping(name)) throw contradiction(name, "would be written outside of its folder");
  if ((view.getUint16(8, true) & refusedFlags) !== 0) throw contradiction(name, "is marked as encrypted");
  const isLink = ((view.getUint32(38, true) >>> 16) & 0o170000) === 0o120000;
  if (isLink) throw contradiction(name, "is a link");
  if (method !== stored && method !== deflated)
    throw contradiction(name, `is packed in the unknown way ${method}`);
  const extra = bytes.subarray(entryBytes + nameLength, entryBytes + nameLength + view.getUint16(30, true));
  const wide = readWideNumbers(extra);
  const take = (value: number): number => (value === large32 ? (wide.shift() ?? large32) : value);
  const size = take(view.getUint32(24, true));
  const packedBytes = take(view.getUint32(20, true));
  const headerOffset = take(view.getUint32(42, true));
  if (method === stored && size !== packedBytes) throw contradiction(name, "has two sizes");
  return { name, isStored: method === stored, packedBytes, bytes: size, headerOffset };
}

/** The 64-bit numbers of the extra field, in the order of the format. */
function readWideNumbers(extra: Uint8Array): number[] {
  const view = toView(extra);
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && at + 4 + length <= extra.length)
      return Array.from({ length: Math.floor(length / 8) }, (_, index) =>
        toSafe(view.getBigUint64(at + 4 + index * 8, true)),
      );
    at += 4 + length;
  }
  return [];
}

function checkLocalHeader(
  source: ByteSource,
  entry: ZipEntry,
): { readonly start: number; readonly isStored: boolean } {
  const header = source.read(entry.headerOffset, localHeaderBytes);
  const view = toView(header);
  if (view.getUint32(0, true) !== signatures.local)
    throw contradiction(entry.name, "is not where the directory says");
  const nameLength = view.getUint16(26, true);
  const name = new TextDecoder().decode(source.read(entry.headerOffset + localHeaderBytes, nameLength));
  const isStored = view.getUint16(8, true) === stored;
  if (name !== entry.name) throw contradiction(entry.name, `calls itself ${toPrintable(name)}`);
  if (isStored !== entry.isStored)
    throw contradiction(entry.name, "is packed otherwise than the directory says");
  if ((view.getUint16(6, true) & refusedFlags) !== 0)
    throw contradiction(entry.name, "is marked as encrypted");
  return { start: entry.headerOffset + localHeaderBytes + nameLength + view.getUint16(28, true), isStored };
}

function isEscaping(name: string): boolean {
  return (
    name.startsWith("/") ||
    name.startsWith("\\") ||
    /^[a-z]:/i.test(name) ||
    name.includes("\0") ||
    name.split(/[/\\]/).includes("..")
  );
}

function contradiction(name: string, what: string): FormatProblem {
  return new FormatProblem("unsafe", `its entry ${toPrintable(name)} ${what}`);
}

function toSafe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new FormatProblem("corrupt", "the archive claims a size that cannot be");
  return Number(value);
}

import { inflateRawSync } from "node:zlib";
import { type ByteSource, sliceSource, toByteSource, toView } from "./byte-source.ts";
import { FormatProblem } from "./format-problem.ts";
import { toPrintable } from "./printable.ts";
import { findZipDirectory, toSafe } from "./zip-end.ts";

/** A file in an archive. Nothing is unpacked by listing it. */
export interface ZipEntry {
  readonly name: string;
  /** The name as it is written: several spellings may read as the same text. */
  readonly nameBytes: Uint8Array;
  readonly isStored: boolean;
  /** As it lies in the archive. */
  readonly packedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

const maxEntries = 100_000;
const maxDirectoryBytes = 64 * 1024 * 1024;
const entryBytes = 46;
const localHeaderBytes = 30;
const signatures = { entry: 0x02014b50, local: 0x04034b50 };
const stored = 0;
const deflated = 8;
const large32 = 0xffffffff;
/** Encryption of two kinds, patches, masked headers: nothing that a model has. */
const refusedFlags = 0b0010_0000_0110_0001;
const extraIds = { wideNumbers: 1, otherName: 0x7075 };

/**
 * The files of a ZIP archive by its directory, as long as the archive agrees with itself: what readers take differently
 * is how payloads pass scanners.
 *
 * @throws FormatProblem `corrupt`; `unsafe` for names that lead out of a folder, and entries that contradict themselves
 */
export function readZipDirectory(source: ByteSource): readonly ZipEntry[] {
  const { count, offset, bytes } = findZipDirectory(source);
  if (count > maxEntries || bytes > maxDirectoryBytes)
    throw new FormatProblem("unsafe", `it is an archive of ${count} entries; ${maxEntries} is the most`);
  const directory = source.read(offset, bytes);
  const view = toView(directory);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let index = 0; index < count; index += 1) {
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
  // Readers that go by the bytes see entries that readers that go by the count do not.
  if (at !== bytes)
    throw new FormatProblem(
      "unsafe",
      "the directory of the archive holds more than the entries that it counts",
    );
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

function readEntry(bytes: Uint8Array): ZipEntry {
  const view = toView(bytes);
  const nameLength = view.getUint16(28, true);
  const nameBytes = bytes.subarray(entryBytes, entryBytes + nameLength);
  const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(nameBytes);
  const method = view.getUint16(10, true);
  if (isEscaping(name)) throw contradiction(name, "would be written outside of its folder");
  if ((view.getUint16(8, true) & refusedFlags) !== 0) throw contradiction(name, "is marked as encrypted");
  const isLink = ((view.getUint32(38, true) >>> 16) & 0o170000) === 0o120000;
  if (isLink) throw contradiction(name, "is a link");
  if (method !== stored && method !== deflated)
    throw contradiction(name, `is packed in the unknown way ${method}`);
  const extra = bytes.subarray(entryBytes + nameLength, entryBytes + nameLength + view.getUint16(30, true));
  if (findExtra(extra, extraIds.otherName) !== undefined) throw contradiction(name, "has two names");
  const wide = readWideNumbers(extra);
  const take = (value: number): number => (value === large32 ? (wide.shift() ?? large32) : value);
  const size = take(view.getUint32(24, true));
  const packedBytes = take(view.getUint32(20, true));
  const headerOffset = take(view.getUint32(42, true));
  if (method === stored && size !== packedBytes) throw contradiction(name, "has two sizes");
  return { name, nameBytes, isStored: method === stored, packedBytes, bytes: size, headerOffset };
}

/** The 64-bit numbers of the extra field, in the order of the format. */
function readWideNumbers(extra: Uint8Array): number[] {
  const numbers = findExtra(extra, extraIds.wideNumbers) ?? new Uint8Array();
  const view = toView(numbers);
  return Array.from({ length: Math.floor(numbers.length / 8) }, (_, index) =>
    toSafe(view.getBigUint64(index * 8, true)),
  );
}

/** The first part of the extra field that has this id. */
function findExtra(extra: Uint8Array, id: number): Uint8Array | undefined {
  const view = toView(extra);
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === id && end <= extra.length) return extra.subarray(at + 4, end);
    at = end;
  }
  return undefined;
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
  const name = source.read(entry.headerOffset + localHeaderBytes, nameLength);
  const method = view.getUint16(8, true);
  const isStored = method === stored;
  if (Buffer.compare(name, entry.nameBytes) !== 0)
    throw contradiction(entry.name, `calls itself ${toPrintable(new TextDecoder().decode(name))}`);
  if (method !== stored && method !== deflated)
    throw contradiction(entry.name, `is packed in the unknown way ${method}`);
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

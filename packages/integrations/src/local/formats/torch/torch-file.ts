import { type ByteSource, readStart, sliceSource } from "../byte-source.ts";
import { FormatProblem } from "../format-problem.ts";
import { PickleDict, PickleSequence, type PickleValue } from "../pickle/pickle-values.ts";
import { type PickleResult, readPickle } from "../pickle/read-pickle.ts";
import { openZipEntry, readZipDirectory, type ZipEntry } from "../zip-directory.ts";
import { type TorchStorage, TorchTensor, torchHost } from "./torch-host.ts";

/** A file that `torch.save` wrote, read as data. */
export interface TorchFile {
  readonly layout: "zip" | "legacy";
  /** What was saved; undefined when its pickle broke. */
  readonly value: PickleValue | undefined;
  /** What it wants beyond data; empty for sound weights. */
  readonly findings: readonly string[];
  readonly problem: string | undefined;
  /** The bytes of a storage. Throws FormatProblem `corrupt` when they are not there. */
  open(storage: TorchStorage): ByteSource;
}

const maxPickleBytes = 64 * 1024 * 1024;
const zipMagic = [0x50, 0x4b, 0x03, 0x04];
/** The first of the four pickles of the layout before 2020: the number 0x1950a86a20f9469cfc6c. */
const legacyMagic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
const elementBytes: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

export function isZip(start: Uint8Array): boolean {
  return zipMagic.every((byte, index) => start[index] === byte);
}

export function isLegacyTorch(start: Uint8Array): boolean {
  // The protocol, 0x80 and a number, stands before it.
  return start[0] === 0x80 && legacyMagic.every((byte, index) => start[index + 2] === byte);
}

/** @throws FormatProblem */
export function readTorchFile(source: ByteSource): TorchFile {
  const start = readStart(source, 64);
  if (isZip(start)) return readTorchZip(source, readZipDirectory(source));
  if (isLegacyTorch(start)) return readLegacyTorch(source);
  throw new FormatProblem("unsupported", "it is no file that PyTorch writes");
}

/** The entry with what was saved, in the layout of PyTorch 1.6 and later. */
export function findTorchPickle(entries: readonly ZipEntry[]): ZipEntry | undefined {
  return entries.find(({ name }) => /^[^/]+\/data\.pkl$/i.test(name));
}

export function readTorchZip(source: ByteSource, entries: readonly ZipEntry[]): TorchFile {
  const pickle = findTorchPickle(entries);
  if (pickle === undefined)
    throw new FormatProblem("unsupported", "it is an archive that PyTorch did not write");
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const order = byName.get(`${folder}byteorder`);
  if (
    order !== undefined &&
    Buffer.from(readStart(openZipEntry(source, order, 64), 64)).toString() !== "little"
  )
    throw new FormatProblem("unsupported", "its numbers are in the byte order of another machine");
  const result = readPickle(openZipEntry(source, pickle, maxPickleBytes), 0, torchHost);
  return {
    layout: "zip",
    ...result,
    open(storage) {
      const entry = byName.get(`${folder}data/${storage.key}`);
      if (entry === undefined || !entry.isStored)
        throw new FormatProblem("corrupt", `it does not hold the storage ${storage.key}`);
      return openZipEntry(source, entry, 0);
    },
  };
}

function readLegacyTorch(source: ByteSource): TorchFile {
  const results: PickleResult[] = [];
  // Magic number, protocol, facts of the machine, what was saved, keys of the storages that follow.
  for (let at = 0; results.length < 5; at = results.at(-1)?.end ?? 0) {
    const result = readPickle(source, at, torchHost);
    results.push(result);
    if (result.problem !== undefined) break;
  }
  const [, , , saved, keys] = results;
  const problem = results.find((result) => result.problem !== undefined)?.problem;
  const places =
    problem === undefined ? placeStorages(source, { saved, keys }) : new Map<string, ByteSource>();
  return {
    layout: "legacy",
    value: saved?.value,
    findings: [...new Set(results.flatMap(({ findings }) => findings))],
    problem,
    open(storage) {
      const place = places.get(storage.key);
      if (place === undefined)
        throw new FormatProblem("corrupt", `it does not hold the storage ${storage.key}`);
      return place;
    },
  };
}

/** Each storage is a count of elements in 8 bytes, and the elements. */
function placeStorages(
  source: ByteSource,
  { saved, keys }: { readonly saved: PickleResult | undefined; readonly keys: PickleResult | undefined },
): ReadonlyMap<string, ByteSource> {
  const types = new Map<string, string>();
  for (const { storage } of collectTensors(saved?.value ?? null))
    if (storage.dtype !== undefined) types.set(storage.key, storage.dtype);
  const places = new Map<string, ByteSource>();
  if (!(keys?.value instanceof PickleSequence)) return places;
  let at = keys.end;
  for (const key of keys.value.items) {
    const bytes = typeof key === "string" ? elementBytes[types.get(key) ?? ""] : undefined;
    if (typeof key !== "string" || bytes === undefined)
      throw new FormatProblem("corrupt", "it holds a storage that no tensor is a view of");
    const count = Buffer.from(source.read(at, 8)).readBigInt64LE();
    if (count < 0n || count > BigInt(source.sizeBytes))
      throw new FormatProblem("corrupt", `its storage ${key} claims ${count} elements`);
    places.set(key, sliceSource(source, at + 8, Number(count) * bytes));
    at += 8 + Number(count) * bytes;
  }
  return places;
}

const maxDepth = 8;

/** Each container is looked into once: a pickle can hold the same one in itself many times. */
function collectTensors(
  value: PickleValue,
  seen = new Set<PickleValue>(),
  depth = 0,
): readonly TorchTensor[] {
  if (value instanceof TorchTensor) return [value];
  if (depth >= maxDepth || seen.has(value)) return [];
  const items =
    value instanceof PickleDict
      ? value.entries.map(([, each]) => each)
      : value instanceof PickleSequence
        ? value.items
        : [];
  if (items.length > 0) seen.add(value);
  return items.flatMap((each) => collectTensors(each, seen, depth + 1));
}

/** Bytes of one element of a type, as safetensors spells it; undefined for what weights are not made of. */
export function elementBytesOf(dtype: string): number | undefined {
  return Object.hasOwn(elementBytes, dtype) ? elementBytes[dtype] : undefined;
}

import { type ByteSource, toView } from "./byte-source.ts";
import { FormatProblem } from "./format-problem.ts";
import { toPrintable } from "./printable.ts";

/** Where a tensor lies in its file. */
export interface SafetensorsEntry {
  readonly name: string;
  /** As the format spells it: F32, BF16, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsHead {
  readonly tensors: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

const lengthBytes = 8;
const maxHeadBytes = 100_000_000;
const maxTensors = 1_000_000;
const maxDimensions = 8;
/** Of one element; F4 and F6 are packed. */
const bitsOf: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
};

/** Whether a file begins as one in this format does: a length that fits, then a JSON object. */
export function looksLikeSafetensors(start: Uint8Array, fileBytes: number): boolean {
  if (start.length <= lengthBytes) return false;
  const length = toView(start).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(fileBytes - lengthBytes) && start[lengthBytes] === 0x7b;
}

/**
 * Reads the head of a safetensors file and checks all that it says: the tensors must fill the rest of the file without
 * a gap or an overlap, each as large as its type and shape say.
 *
 * @throws FormatProblem `corrupt`
 */
export function readSafetensorsHead(source: ByteSource): SafetensorsHead {
  if (source.sizeBytes < lengthBytes) throw corrupt("it is too short for a head");
  const length = toView(source.read(0, lengthBytes)).getBigUint64(0, true);
  if (length > BigInt(maxHeadBytes))
    throw corrupt(`its head claims ${length} bytes; ${maxHeadBytes} is the most`);
  if (length > BigInt(source.sizeBytes - lengthBytes)) throw corrupt("its head is longer than the file");
  const dataStart = lengthBytes + Number(length);
  const head = parseHead(source.read(lengthBytes, Number(length)));
  const tensors: SafetensorsEntry[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(head)) {
    if (name === "__metadata__") metadata = readMetadata(value);
    else tensors.push(readEntry(name, value, dataStart));
    if (tensors.length > maxTensors) throw corrupt(`it holds more than ${maxTensors} tensors`);
  }
  checkLayout(tensors, dataStart, source.sizeBytes);
  return { tensors, metadata };
}

function parseHead(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const head: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isRecord(head)) return head;
  } catch {
    // Said below, without the text: it may be anything.
  }
  throw corrupt("its head is not a JSON object");
}

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) throw corrupt("its metadata is not an object");
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw corrupt("its metadata holds something else than texts");
    texts[key] = text;
  }
  return texts;
}

function readEntry(name: string, value: unknown, dataStart: number): SafetensorsEntry {
  const shown = toPrintable(name);
  if (!isRecord(value)) throw corrupt(`its tensor ${shown} is not described`);
  const { dtype, shape, data_offsets: offsets } = value;
  const bits = typeof dtype === "string" && Object.hasOwn(bitsOf, dtype) ? bitsOf[dtype] : undefined;
  if (typeof dtype !== "string" || bits === undefined)
    throw corrupt(`its tensor ${shown} has an unknown type`);
  if (!isCounts(shape) || shape.length > maxDimensions)
    throw corrupt(`its tensor ${shown} has no sound shape`);
  if (!isCounts(offsets) || offsets.length !== 2) throw corrupt(`its tensor ${shown} has no sound place`);
  const [start = 0, end = 0] = offsets;
  const size = shape.reduce((product, count) => product * BigInt(count), BigInt(bits));
  if (BigInt(end - start) * 8n !== size)
    throw corrupt(`its tensor ${shown} has another size than its type and shape say`);
  return { name, dtype, shape, offset: dataStart + start, bytes: end - start };
}

function checkLayout(tensors: readonly SafetensorsEntry[], dataStart: number, fileBytes: number): void {
  let end = dataStart;
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (tensor.offset !== end)
      throw corrupt(`its tensor ${toPrintable(tensor.name)} overlaps another, or leaves a gap before it`);
    end += tensor.bytes;
  }
  if (end !== fileBytes) throw corrupt("its tensors do not end where the file does");
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function corrupt(message: string): FormatProblem {
  return new FormatProblem("corrupt", message);
}

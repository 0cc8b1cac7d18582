import { closeSync, openSync, writeSync } from "node:fs";
import type { NumberFormat } from "@llm-platform/kit";
import { FormatProblem } from "../formats/format-problem.ts";
import { encodeGgufHead, type GgufMetadata, type GgufTensor, padded } from "./gguf-encode.ts";
import type { PlannedTensor } from "./model-plan.ts";
import {
  blocks,
  convertNumbers,
  decodeNumbers,
  encodeNumbers,
  keptType,
  type NumberType,
  numberTypes,
} from "./numbers.ts";
import { elementsOf } from "./weights/weight-tensor.ts";

/** Numbers that are in memory at once. */
const chunkElements = 1024 * 1024;

/** `general.file_type` of a file by the type of its larger tensors. */
const fileTypes: Readonly<Record<NumberType, number>> = {
  f32: 0,
  f16: 1,
  q4_0: 2,
  q8_0: 7,
  q5_0: 8,
  q4_k: 14,
  bf16: 32,
};

/** The type of a tensor in the file: vectors and norms are small, and read as 32-bit floats. Throws FormatProblem. */
export function typeOf({ name, tensor }: PlannedTensor, numbers: NumberFormat): NumberType {
  const kept = keptType(tensor.dtype);
  if (kept === undefined)
    throw new FormatProblem(
      "unsupported",
      `the tensor ${name} has the type ${tensor.dtype}, which cannot be converted`,
    );
  if (tensor.shape.length < 2) return "f32";
  if (numbers === "source") return kept;
  const columns = tensor.shape.at(-1) ?? 0;
  const wanted = isDelicate(name) && blocks[numbers].elements > 1 ? "q8_0" : numbers;
  // Rows that do not fill blocks are kept in the next larger type that they fill.
  const candidates = [wanted, ...(wanted === "q4_k" ? ["q5_0" as const] : [])];
  return candidates.find((type) => columns % blocks[type].elements === 0) ?? "f16";
}

/** What stands for the tokens themselves loses most when it has few bits. */
function isDelicate(name: string): boolean {
  return name === "token_embd.weight" || name === "output.weight";
}

/** The file type that fits most of the numbers. */
export function fileTypeOf(tensors: readonly PlannedTensor[], numbers: NumberFormat): number {
  const counts = new Map<NumberType, number>();
  for (const each of tensors) {
    const type = typeOf(each, numbers);
    if (each.tensor.shape.length >= 2) counts.set(type, (counts.get(type) ?? 0) + elementsOf(each.tensor));
  }
  const [largest] = [...counts].toSorted(([, a], [, b]) => b - a);
  return fileTypes[largest?.[0] ?? "f32"];
}

/** A tensor with its bytes, which come in pieces. */
interface WrittenTensor extends GgufTensor {
  pieces(): Iterable<Uint8Array>;
}

/** Writes a GGUF file, its numbers in the given format. Returns its bytes. Throws FormatProblem. */
export function writeGguf(
  path: string,
  model: {
    readonly metadata: GgufMetadata;
    readonly tensors: readonly PlannedTensor[];
    readonly numbers: NumberFormat;
  },
  onBytes: (bytes: number, totalBytes: number) => void,
): number {
  const tensors = model.tensors.map((each) => {
    const type = typeOf(each, model.numbers);
    return { ...toGgufTensor(each, type), pieces: () => encodeTensor(each, type) };
  });
  return writeTensors(path, { metadata: model.metadata, tensors }, onBytes);
}

/**
 * Writes a GGUF file, tensor by tensor in pieces: memory stays the same however large the model is. The
 * locked process may not flush it to the disk: whoever gives it its name does.
 *
 * @param onBytes told how many bytes were written since it was last told
 */
export function writeTensors(
  path: string,
  { metadata, tensors }: { readonly metadata: GgufMetadata; readonly tensors: readonly WrittenTensor[] },
  onBytes: (bytes: number, totalBytes: number) => void,
): number {
  const head = encodeGgufHead(metadata, tensors);
  const totalBytes = tensors.reduce((sum, { bytes }) => sum + padded(bytes), head.length);
  const file = openSync(path, "w", 0o640);
  try {
    const write = (bytes: Uint8Array): void => {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
      onBytes(bytes.length, totalBytes);
    };
    write(head);
    for (const tensor of tensors) {
      for (const bytes of tensor.pieces()) write(bytes);
      write(new Uint8Array(padded(tensor.bytes) - tensor.bytes));
    }
  } finally {
    closeSync(file);
  }
  return totalBytes;
}

function toGgufTensor({ name, tensor }: PlannedTensor, type: NumberType): GgufTensor {
  const block = blocks[type];
  const bytes = (elementsOf(tensor) / block.elements) * block.bytes;
  return { name, shape: tensor.shape, type: numberTypes[type], bytes };
}

/** The bytes of a tensor in pieces. */
function* encodeTensor(planned: PlannedTensor, type: NumberType): Generator<Uint8Array> {
  const { tensor, isLessOne, interleavedHeads } = planned;
  const elements = elementsOf(tensor);
  if (interleavedHeads !== undefined) {
    const perHead = elements / interleavedHeads;
    for (let head = 0; head < interleavedHeads; head += 1) {
      const rows = (tensor.shape[0] ?? 0) / interleavedHeads;
      yield convertNumbers(interleave(tensor.read(head * perHead, perHead), rows), tensor.dtype, type);
    }
    return;
  }
  for (let from = 0; from < elements; from += chunkElements) {
    const bytes = tensor.read(from, Math.min(chunkElements, elements - from));
    if (!isLessOne) yield convertNumbers(bytes, tensor.dtype, type);
    else
      yield encodeNumbers(
        decodeNumbers(bytes, tensor.dtype).map((value) => value + 1),
        type,
      );
  }
}

/** Puts the rows of both halves of a head in turns: 0, n/2, 1, n/2 + 1, … */
function interleave(bytes: Uint8Array, rows: number): Uint8Array {
  const rowBytes = bytes.length / rows;
  const mixed = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row += 1) {
    const from = Math.floor(row / 2) + (row % 2) * (rows / 2);
    mixed.set(bytes.subarray(from * rowBytes, (from + 1) * rowBytes), row * rowBytes);
  }
  return mixed;
}

import { ggmlTypes } from "../../ggml-types.ts";
import { type ByteSource, toView } from "../byte-source.ts";
import { FormatProblem } from "../format-problem.ts";
import { toPrintable } from "../printable.ts";

/** A piece of text of a model's vocabulary, as bytes, which need not be whole characters. */
export interface GgmlToken {
  readonly bytes: Uint8Array;
  /** 0 in the oldest files, which have none. */
  readonly score: number;
}

export interface GgmlTensor {
  readonly name: string;
  /** Number of the type, as in GGUF. */
  readonly type: number;
  /** Rows before columns. */
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

/** A file that llama.cpp wrote before GGUF, from March to August of 2023. */
export interface GgmlFile {
  readonly kind: "GGML" | "GGMF" | "GGJT";
  /** 0 for GGML, which has none. */
  readonly version: number;
  readonly vocabularySize: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly ropeDimensions: number;
  /** Of its numbers: 0 and 1 are floats. */
  readonly fileType: number;
  readonly vocabulary: readonly GgmlToken[];
  readonly tensors: readonly GgmlTensor[];
}

const kinds = { lmgg: "GGML", fmgg: "GGMF", tjgg: "GGJT" } as const;
const versions: Readonly<Record<GgmlFile["kind"], readonly number[]>> = {
  GGML: [0],
  GGMF: [1],
  GGJT: [1, 2, 3],
};
const alignment = 32;
const maxTokens = 2_000_000;
const maxTokenBytes = 64 * 1024;
const maxTensors = 100_000;
const maxNameBytes = 256;
const maxDimensions = 2;
const maxElements = 2 ** 48;

/** Reads all but the numbers. Throws FormatProblem `corrupt` or `unsupported`. */
export function readGgmlFile(source: ByteSource): GgmlFile {
  const reader = new Reader(source);
  const magic = Buffer.from(reader.bytes(4)).toString("latin1");
  const kind = Object.entries(kinds).find(([bytes]) => bytes === magic)?.[1];
  if (kind === undefined) throw new FormatProblem("unsupported", `it begins with ${toPrintable(magic)}`);
  const version = kind === "GGML" ? 0 : reader.u32();
  if (!versions[kind].includes(version))
    throw new FormatProblem("unsupported", `the version ${version} of ${kind} is not known`);
  const [vocabularySize, width, , heads, layers, ropeDimensions, fileType] = [
    reader.count(maxTokens),
    reader.u32(),
    reader.u32(),
    reader.u32(),
    reader.u32(),
    reader.u32(),
    reader.u32(),
  ];
  const vocabulary: GgmlToken[] = [];
  for (let index = 0; index < vocabularySize; index += 1) {
    const bytes = reader.bytes(reader.length(maxTokenBytes));
    vocabulary.push({ bytes: Uint8Array.from(bytes), score: kind === "GGML" ? 0 : reader.f32() });
  }
  const tensors = readTensors(reader, kind === "GGJT");
  return {
    kind,
    version,
    vocabularySize,
    width,
    heads,
    layers,
    ropeDimensions,
    fileType,
    vocabulary,
    tensors,
  };
}

function readTensors(reader: Reader, isAligned: boolean): readonly GgmlTensor[] {
  const tensors: GgmlTensor[] = [];
  while (!reader.isAtEnd) {
    if (tensors.length === maxTensors) throw new FormatProblem("corrupt", "it holds too many tensors");
    tensors.push(readTensor(reader, isAligned));
  }
  return tensors;
}

function readTensor(reader: Reader, isAligned: boolean): GgmlTensor {
  const dimensions = reader.u32();
  const nameBytes = reader.length(maxNameBytes);
  const type = reader.u32();
  if (dimensions < 1 || dimensions > maxDimensions)
    throw new FormatProblem("corrupt", `a tensor has ${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => reader.u32()).toReversed();
  const name = Buffer.from(reader.bytes(nameBytes)).toString("utf8");
  const [blockElements, blockBytes] = ggmlTypes[type] ?? [];
  if (blockElements === undefined || blockBytes === undefined)
    throw new FormatProblem("unsupported", `the tensor ${toPrintable(name)} has the type ${type}`);
  const elements = shape.reduce((product, count) => product * count, 1);
  if (elements > maxElements || (shape.at(-1) ?? 0) % blockElements !== 0)
    throw new FormatProblem("corrupt", `the tensor ${toPrintable(name)} cannot be ${shape.join(" × ")}`);
  if (isAligned) reader.align();
  const bytes = (elements / blockElements) * blockBytes;
  return { name, type, shape, offset: reader.skip(bytes), bytes };
}

class Reader {
  readonly #source: ByteSource;
  #at = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#source.sizeBytes;
  }

  bytes(length: number): Uint8Array {
    return this.#source.read(this.skip(length), length);
  }

  u32(): number {
    return toView(this.bytes(4)).getUint32(0, true);
  }

  f32(): number {
    return toView(this.bytes(4)).getFloat32(0, true);
  }

  /** A count of things, each of which takes at least four bytes of the file. */
  count(limit: number): number {
    const value = this.u32();
    if (value > limit || value * 4 > this.#source.sizeBytes)
      throw new FormatProblem("corrupt", `it claims ${value} tokens`);
    return value;
  }

  length(limit: number): number {
    const value = this.u32();
    if (value > limit) throw new FormatProblem("corrupt", `it has a text of ${value} bytes`);
    return value;
  }

  align(): void {
    this.#at = Math.ceil(this.#at / alignment) * alignment;
  }

  /** Where what is passed over begins. */
  skip(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#source.sizeBytes)
      throw new FormatProblem("corrupt", "it ends before what it says that it holds");
    this.#at += bytes;
    return at;
  }
}

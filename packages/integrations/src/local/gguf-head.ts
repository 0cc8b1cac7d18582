import { ggmlTypes } from "./ggml-types.ts";

/** What the platform reads of a GGUF file's head. */
export interface GgufHead {
  readonly architecture: string;
  /** `model` where the file does not say, `adapter` for a LoRA adapter, and others. */
  readonly kind: string;
  readonly name: string | undefined;
  readonly sizeLabel: string | undefined;
  readonly fileType: number | undefined;
  readonly license: string | undefined;
  readonly contextTokens: number | undefined;
  readonly embeddingLength: number | undefined;
  readonly blockCount: number | undefined;
  readonly headCount: number | undefined;
  readonly headCountKv: number | undefined;
  /** Numbers of a key and of a value of one head; where the file does not say, the width over the heads. */
  readonly keyLength: number | undefined;
  readonly valueLength: number | undefined;
  readonly poolingType: number | undefined;
  readonly chatTemplate: string | undefined;
  /** All chat templates: a file may have further ones, for tools and the like. */
  readonly chatTemplates: readonly string[];
  readonly tensorCount: number;
}

/** `more`: the head goes on beyond the given bytes. `corrupt`: no file that this is the start of is sound. */
export type GgufResult =
  | { readonly type: "head"; readonly head: GgufHead }
  | { readonly type: "more" }
  | { readonly type: "corrupt"; readonly reason: string };

const magic = 0x46554747;
const maxKeyValues = 100_000n;
const maxTensors = 1_000_000n;
const maxKeyBytes = 65_535n;
const maxStringBytes = 256n * 1024n;
const maxArrayDepth = 4;
const maxDimensions = 4;
const maxTensorElements = 1n << 48n;

/** Bytes of the value types that have a fixed size, by their number in the format. */
const fixedBytes: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const stringType = 8;
const arrayType = 9;

class NeedMore extends Error {}
class Corrupt extends Error {}

type Value = string | number | boolean | undefined;

/**
 * Reads the head of a GGUF file (version 2 or 3), bounded in everything that the file says about itself.
 *
 * @param bytes the start of the file
 * @param fileBytes size of the whole file; counts and offsets beyond it are corrupt
 */
export function parseGgufHead(bytes: Uint8Array, fileBytes: number): GgufResult {
  try {
    return { type: "head", head: readHead(new Reader(bytes, fileBytes)) };
  } catch (error) {
    if (error instanceof NeedMore)
      return bytes.length < fileBytes
        ? { type: "more" }
        : { type: "corrupt", reason: "the file ends inside its head" };
    if (error instanceof Corrupt) return { type: "corrupt", reason: error.message };
    throw error;
  }
}

function readHead(reader: Reader): GgufHead {
  if (reader.u32() !== magic) throw new Corrupt("it does not begin with GGUF");
  const version = reader.u32();
  if (version !== 2 && version !== 3) throw new Corrupt(`version ${version} is not known`);
  const tensorCount = reader.count(maxTensors, "tensors");
  const keyValueCount = reader.count(maxKeyValues, "metadata entries");
  const values = new Map<string, Value>();
  for (let index = 0; index < keyValueCount; index += 1) {
    const key = reader.text(maxKeyBytes);
    // Readers differ in which of two they take.
    if (values.has(key)) throw new Corrupt("it says the same thing twice");
    values.set(key, reader.value(reader.u32(), 0));
  }
  const alignment = values.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || alignment < 1 || (alignment & (alignment - 1)) !== 0)
    throw new Corrupt("its alignment is not a power of two");
  let endOfData = 0n;
  for (let index = 0; index < tensorCount; index += 1) {
    const end = readTensor(reader, alignment);
    if (end > endOfData) endOfData = end;
  }
  const start = Math.ceil(reader.offset / alignment) * alignment;
  if (BigInt(start) + endOfData > BigInt(reader.fileBytes))
    throw new Corrupt("a tensor ends outside the file");
  return toHead(values, tensorCount);
}

/** Returns where the tensor ends, from the start of the data: at its first byte where the size of its type is not known. */
function readTensor(reader: Reader, alignment: number): bigint {
  reader.text(maxKeyBytes);
  const dimensions = reader.u32();
  if (dimensions > maxDimensions) throw new Corrupt(`a tensor has ${dimensions} dimensions`);
  let elements = 1n;
  let firstDimension = 1n;
  for (let index = 0; index < dimensions; index += 1) {
    const count = reader.u64();
    if (index === 0) firstDimension = count;
    elements *= count;
    if (elements > maxTensorElements) throw new Corrupt("a tensor is too large");
  }
  const type = ggmlTypes[reader.u32()];
  const offset = reader.u64();
  if (offset >= BigInt(reader.fileBytes) || offset % BigInt(alignment) !== 0n)
    throw new Corrupt("a tensor lies outside the file");
  if (type === undefined) return offset;
  const [blockElements, blockBytes] = type;
  if (firstDimension % BigInt(blockElements) !== 0n) throw new Corrupt("a tensor does not fill its blocks");
  return offset + (elements / BigInt(blockElements)) * BigInt(blockBytes);
}

function toHead(values: ReadonlyMap<string, Value>, tensorCount: number): GgufHead {
  const text = (key: string): string | undefined => {
    const value = values.get(key);
    return typeof value === "string" ? value : undefined;
  };
  const count = (key: string): number | undefined => {
    const value = values.get(key);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  };
  const architecture = text("general.architecture");
  if (architecture === undefined) throw new Corrupt("it names no architecture");
  return {
    architecture,
    kind: text("general.type") ?? "model",
    name: text("general.name"),
    sizeLabel: text("general.size_label"),
    license: text("general.license"),
    fileType: count("general.file_type"),
    contextTokens: count(`${architecture}.context_length`),
    embeddingLength: count(`${architecture}.embedding_length`),
    blockCount: count(`${architecture}.block_count`),
    headCount: count(`${architecture}.attention.head_count`),
    headCountKv: count(`${architecture}.attention.head_count_kv`),
    keyLength: count(`${architecture}.attention.key_length`),
    valueLength: count(`${architecture}.attention.value_length`),
    poolingType: count(`${architecture}.pooling_type`),
    chatTemplate: text("tokenizer.chat_template"),
    chatTemplates: [...values.keys()]
      .filter((key) => key === "tokenizer.chat_template" || key.startsWith("tokenizer.chat_template."))
      .flatMap((key) => text(key) ?? []),
    tensorCount,
  };
}

class Reader {
  readonly fileBytes: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array, fileBytes: number) {
    this.fileBytes = fileBytes;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#at;
  }

  u32(): number {
    const at = this.#skip(4);
    return this.#view.getUint32(at, true);
  }

  u64(): bigint {
    const at = this.#skip(8);
    return this.#view.getBigUint64(at, true);
  }

  /** A count of things, each of which takes at least one byte of the file. */
  count(limit: bigint, what: string): number {
    const value = this.u64();
    if (value > limit || value > BigInt(this.fileBytes)) throw new Corrupt(`it claims ${value} ${what}`);
    return Number(value);
  }

  text(limit: bigint): string {
    const length = Number(this.#length(limit));
    const at = this.#skip(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  /** One value; arrays are read past and give undefined. */
  value(type: number, depth: number): Value {
    if (type === stringType) return this.text(maxStringBytes);
    if (type === arrayType) return this.#passArray(depth);
    const size = fixedBytes[type];
    if (size === undefined) throw new Corrupt(`it holds a value of the unknown type ${type}`);
    return this.#fixed(type, this.#skip(size));
  }

  #passArray(depth: number): undefined {
    if (depth >= maxArrayDepth) throw new Corrupt("its arrays are nested too deeply");
    const type = this.u32();
    const length = this.u64();
    const size = fixedBytes[type];
    const minimum = BigInt(size ?? 8);
    if (length * minimum > BigInt(this.fileBytes))
      throw new Corrupt(`it claims an array of ${length} values`);
    if (size !== undefined) {
      this.#skip(Number(length) * size);
      return undefined;
    }
    for (let index = 0n; index < length; index += 1n) {
      if (type === stringType) this.#skip(Number(this.#length(maxStringBytes)));
      else this.value(type, depth + 1);
    }
    return undefined;
  }

  #length(limit: bigint): bigint {
    const length = this.u64();
    if (length > limit) throw new Corrupt(`it claims a text of ${length} bytes`);
    return length;
  }

  #fixed(type: number, at: number): number | boolean {
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(at);
      case 1:
        return view.getInt8(at);
      case 2:
        return view.getUint16(at, true);
      case 3:
        return view.getInt16(at, true);
      case 4:
        return view.getUint32(at, true);
      case 5:
        return view.getInt32(at, true);
      case 6:
        return view.getFloat32(at, true);
      case 7:
        return view.getUint8(at) !== 0;
      case 10:
        return Number(view.getBigUint64(at, true));
      case 11:
        return Number(view.getBigInt64(at, true));
      default:
        return view.getFloat64(at, true);
    }
  }

  /** Moves on and returns where it was. */
  #skip(count: number): number {
    const at = this.#at;
    if (at + count > this.fileBytes) throw new Corrupt("it claims more than the file holds");
    if (at + count > this.#bytes.length) throw new NeedMore();
    this.#at = at + count;
    return at;
  }
}

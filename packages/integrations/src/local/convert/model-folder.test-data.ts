import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32, inflateSync } from "node:zlib";
import { encodeSafetensors } from "../formats/safetensors-sample.test-data.ts";

/** A tiny model of one family, with what PyTorch computes for the last token of the prompt. */
export interface ModelFixture {
  readonly tokenizer: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  readonly prompt: readonly number[];
  readonly logits: readonly number[];
}

export interface TokenizerFixture {
  readonly files: Readonly<Record<string, unknown>>;
  readonly texts: readonly (readonly [text: string, ids: readonly number[]])[];
}

export const families = [
  "llama",
  "mistral",
  "qwen2",
  "qwen3",
  "gemma2",
  "gemma3",
  "phi3",
  "phi3-longrope",
  "llama-linear",
  "qwen2-yarn",
] as const;

/** One of the files that `fixtures/make_fixtures.py` wrote. */
export function readFixture<Fixture>(name: string): Fixture {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`fixtures/${name}.json`, import.meta.url)), "utf8"));
}

/** Unpacks what stands in a fixture as packed bytes. */
export function unpack(text: string): Buffer {
  return inflateSync(Buffer.from(text, "base64"));
}

interface FolderOptions {
  /** How the numbers of the weights are kept. All hold them exactly. */
  readonly dtype?: "F32" | "BF16" | "F16";
  /** Into how many files they are put. */
  readonly shards?: number;
}

/** Writes a model's folder as the Hugging Face Hub has it; the weights follow from their names. */
export function writeModelFolder(
  folder: string,
  family: string,
  { dtype = "F32", shards = 1 }: FolderOptions = {},
): ModelFixture {
  const fixture = readFixture<ModelFixture>(family);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify(fixture.config));
  for (const [name, value] of Object.entries(
    readFixture<TokenizerFixture>(`tokenizer-${fixture.tokenizer}`).files,
  ))
    writeFileSync(join(folder, name), typeof value === "string" ? unpack(value) : JSON.stringify(value));
  const names = Object.keys(fixture.tensors);
  const weightMap: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard += 1) {
    const file = shards === 1 ? "model.safetensors" : `model-${shard + 1}-of-${shards}.safetensors`;
    const own = names.filter((_name, index) => index % shards === shard);
    for (const name of own) weightMap[name] = file;
    writeFileSync(join(folder, file), encodeWeights(fixture, own, { family, dtype }));
  }
  if (shards > 1)
    writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
  return fixture;
}

function encodeWeights(
  { tensors }: ModelFixture,
  names: readonly string[],
  { family, dtype }: { readonly family: string; readonly dtype: "F32" | "BF16" | "F16" },
): Buffer {
  const head: Record<string, object> = {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const name of names) {
    const shape = tensors[name] ?? [];
    const bytes = encodeValues(weightsOf(name, shape, family), dtype);
    head[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  return encodeSafetensors(head, Buffer.concat(parts));
}

function encodeValues(values: Float32Array, dtype: "F32" | "BF16" | "F16"): Uint8Array {
  if (dtype === "F32") return new Uint8Array(values.buffer);
  if (dtype === "F16") return new Uint8Array(Float16Array.from(values).buffer);
  const words = new Uint32Array(values.buffer);
  return new Uint8Array(Uint16Array.from(words, (word) => word >>> 16).buffer);
}

/** The same numbers as `formula` in `fixtures/make_fixtures.py`. */
export function weightsOf(name: string, shape: readonly number[], family: string): Float32Array {
  const count = shape.reduce((product, each) => product * each, 1);
  const seed = crc32(name);
  const isNorm = name.endsWith("norm.weight") || name.includes("layernorm");
  const scale = shape.length > 1 ? 2.5 / Math.sqrt(shape.at(-1) ?? 1) : 0.5;
  const values = Float32Array.from({ length: count }, (_value, index) => {
    const unit = (mix(seed, index) / 2 ** 32 - 0.5) * 2;
    return isNorm ? (family.includes("gemma") ? 0 : 1) + unit * 0.25 : unit * scale;
  });
  const words = new Uint32Array(values.buffer);
  for (const [index, word] of words.entries()) words[index] = word & 0xffff0000;
  return values;
}

function mix(seed: number, index: number): number {
  let mixed = Math.imul(seed ^ Math.imul(index, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

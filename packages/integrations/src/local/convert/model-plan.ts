import { FormatProblem } from "../formats/format-problem.ts";
import { toPrintable } from "../formats/printable.ts";
import type { Family, LayerTensor } from "./families/family.ts";
import type { GgufMetadata, GgufValue } from "./gguf-encode.ts";
import { type DecoderSizes, type ModelConfig, readSizes } from "./model-config.ts";
import type { Weights, WeightTensor } from "./weights/weight-tensor.ts";

/** One tensor as it is to be written. */
export interface PlannedTensor {
  readonly name: string;
  readonly tensor: WeightTensor;
  readonly isLessOne: boolean;
  readonly interleavedHeads: number | undefined;
}

/** All of a model but its tokenizer. */
export interface ModelPlan {
  readonly metadata: GgufMetadata;
  readonly tensors: readonly PlannedTensor[];
  readonly vocabulary: number;
  readonly warnings: string[];
}

const maxUnknownShown = 3;

/**
 * What of the weights goes where. Every tensor must be known, there and of the shape that the configuration says.
 *
 * @throws FormatProblem
 */
export function planModel(family: Family, config: ModelConfig, weights: Weights): ModelPlan {
  const sizes = readSizes(config);
  const added: GgufMetadata = new Map();
  const extra: WeightTensor[] = [];
  const warnings: string[] = [];
  family.describe(config, sizes, { metadata: added, tensors: extra, warnings });
  const tensors = planTensors(
    { family, sizes, isTied: config.record["tie_word_embeddings"] === true },
    weights,
  );
  const vocabulary = tensors[0]?.tensor.shape[0] ?? 0;
  const metadata = usualMetadata(family.architecture, sizes, vocabulary);
  for (const [key, value] of added) metadata.set(`${family.architecture}.${key}`, value);
  const planned = extra.map((tensor) => plan(tensor.name, tensor));
  return { metadata, tensors: [...tensors, ...planned], vocabulary, warnings };
}

function usualMetadata(architecture: string, sizes: DecoderSizes, vocabulary: number): GgufMetadata {
  const u32 = (value: number): GgufValue => ({ type: "u32", value });
  const entries: Readonly<Record<string, GgufValue>> = {
    block_count: u32(sizes.layers),
    context_length: u32(sizes.contextTokens),
    embedding_length: u32(sizes.width),
    feed_forward_length: u32(sizes.innerWidth),
    "attention.head_count": u32(sizes.heads),
    "attention.head_count_kv": u32(sizes.headsKv),
    "attention.key_length": u32(sizes.headWidth),
    "attention.value_length": u32(sizes.headWidth),
    "attention.layer_norm_rms_epsilon": { type: "f32", value: sizes.normEpsilon },
    vocab_size: u32(vocabulary),
  };
  return new Map(Object.entries(entries).map(([key, value]) => [`${architecture}.${key}`, value]));
}

function planTensors(
  {
    family,
    sizes,
    isTied,
  }: { readonly family: Family; readonly sizes: DecoderSizes; readonly isTied: boolean },
  weights: Weights,
): readonly PlannedTensor[] {
  const left = new Map<string, WeightTensor>();
  for (const [name, tensor] of weights.tensors) {
    if (family.ignored.test(name)) continue;
    const bare = withoutPrefix(name, family.prefixes);
    if (left.has(bare))
      throw new FormatProblem("corrupt", `the weights hold the tensor ${toPrintable(bare)} twice`);
    left.set(bare, tensor);
  }
  const take = (name: string, wanted: LayerTensor): readonly PlannedTensor[] => {
    const tensor = left.get(name);
    left.delete(name);
    if (tensor !== undefined) return [plan(wanted.name, checkShape(tensor, wanted.shape), wanted)];
    if (wanted.isOptional === true) return [];
    throw new FormatProblem("corrupt", `the weights lack the tensor ${name}`);
  };
  const rows = left.get("model.embed_tokens.weight")?.shape[0] ?? 0;
  const planned = [
    ...take("model.embed_tokens.weight", { name: "token_embd.weight", shape: [rows, sizes.width] }),
    ...take("model.norm.weight", {
      name: "output_norm.weight",
      shape: [sizes.width],
      isLessOne: family.hasNormsLessOne,
    }),
  ];
  const output = take("lm_head.weight", {
    name: "output.weight",
    shape: [rows, sizes.width],
    isOptional: true,
  });
  if (!isTied) planned.push(...output);
  const layer = Object.entries(family.layer(sizes));
  for (let index = 0; index < sizes.layers; index += 1)
    for (const [name, wanted] of layer)
      planned.push(
        ...take(`model.layers.${index}.${name}`, { ...wanted, name: `blk.${index}.${wanted.name}` }),
      );
  if (left.size > 0) {
    const names = [...left.keys()].slice(0, maxUnknownShown).map((name) => toPrintable(name));
    throw new FormatProblem(
      "unsupported",
      `the weights hold ${left.size} tensors that this architecture does not have: ${names.join(", ")}`,
    );
  }
  return planned;
}

function withoutPrefix(name: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((each) => each !== "" && name.startsWith(each)) ?? "";
  const rest = name.slice(prefix.length);
  // Newer files of models with more than text have the text's part below `model` without a `model` of its own.
  return prefix === "model.language_model." ? `model.${rest}` : rest;
}

function plan(name: string, tensor: WeightTensor, wanted?: LayerTensor): PlannedTensor {
  return { name, tensor, isLessOne: wanted?.isLessOne === true, interleavedHeads: wanted?.interleavedHeads };
}

function checkShape(tensor: WeightTensor, shape: readonly number[]): WeightTensor {
  if (tensor.shape.length === shape.length && tensor.shape.every((count, axis) => count === shape[axis]))
    return tensor;
  throw new FormatProblem(
    "corrupt",
    `its tensor ${toPrintable(tensor.name)} is ${tensor.shape.join(" × ")}; config.json says ${shape.join(" × ")}`,
  );
}

import { FormatProblem } from "../format-problem.ts";
import { toPrintable } from "../printable.ts";
import type { GgmlFile, GgmlTensor } from "./ggml-file.ts";

/** Of an old file of llama.cpp, what GGUF calls its tensors, in their order. */
export interface GgmlLlama {
  readonly tensors: readonly (readonly [name: string, tensor: GgmlTensor])[];
  readonly innerWidth: number;
  readonly headsKv: number;
}

const ofModel: Readonly<Record<string, string>> = {
  "tok_embeddings.weight": "token_embd.weight",
  "norm.weight": "output_norm.weight",
  "output.weight": "output.weight",
};
const ofLayer: Readonly<Record<string, string>> = {
  "attention_norm.weight": "attn_norm.weight",
  "attention.wq.weight": "attn_q.weight",
  "attention.wk.weight": "attn_k.weight",
  "attention.wv.weight": "attn_v.weight",
  "attention.wo.weight": "attn_output.weight",
  "ffn_norm.weight": "ffn_norm.weight",
  "feed_forward.w1.weight": "ffn_gate.weight",
  "feed_forward.w2.weight": "ffn_down.weight",
  "feed_forward.w3.weight": "ffn_up.weight",
};
/** Computed from the positions alone. */
const ignored = /rope\.freqs$/;
/** Files of 4 and 8 bits whose blocks changed with GGJT 3: Q4_0, Q4_1, Q4_1 with some 16 bits, Q8_0. */
const changedWithVersion3: readonly number[] = [2, 3, 4, 7];

/**
 * Takes an old file for a Llama, the only architecture that these kinds of files were written for by llama.cpp itself:
 * others of ggml have the same first bytes, and other tensors.
 *
 * @throws FormatProblem `unsupported` for another architecture or numbers that are laid out otherwise today; `corrupt`
 */
export function toGgmlLlama(file: GgmlFile): GgmlLlama {
  requireTodaysBlocks(file);
  const found = new Map<string, GgmlTensor>();
  for (const tensor of file.tensors) {
    if (ignored.test(tensor.name)) continue;
    const name = toGgufName(tensor.name);
    if (name === undefined)
      throw new FormatProblem(
        "unsupported",
        `its tensor ${toPrintable(tensor.name)} belongs to another architecture than Llama, and old files do not name theirs`,
      );
    if (found.has(name)) throw new FormatProblem("corrupt", `the tensor ${name} is there twice`);
    found.set(name, tensor);
  }
  const { width, heads, layers, vocabularySize } = file;
  const headWidth = width / heads;
  if (!Number.isInteger(headWidth) || file.ropeDimensions > headWidth)
    throw new FormatProblem("corrupt", `it claims ${heads} heads for a width of ${width}`);
  const innerWidth = found.get("blk.0.ffn_gate.weight")?.shape[0] ?? 0;
  const keys = found.get("blk.0.attn_k.weight")?.shape[0] ?? 0;
  const headsKv = keys / headWidth;
  if (!Number.isInteger(headsKv) || headsKv < 1)
    throw new FormatProblem("corrupt", "its keys do not fill its heads");
  const wanted = shapesOf({ width, layers, vocabularySize, innerWidth, keys });
  if (found.size !== wanted.length)
    throw new FormatProblem(
      "corrupt",
      `it has ${found.size} tensors, and ${layers} layers have ${wanted.length}`,
    );
  const tensors = wanted.map(([name, shape]) => {
    const tensor = found.get(name);
    if (tensor === undefined) throw new FormatProblem("corrupt", `it lacks the tensor ${name}`);
    if (tensor.shape.join() !== shape.join())
      throw new FormatProblem(
        "corrupt",
        `its tensor ${name} is ${tensor.shape.join(" × ")}, not ${shape.join(" × ")}`,
      );
    return [name, tensor] as const;
  });
  return { tensors, innerWidth, headsKv };
}

function requireTodaysBlocks({ kind, version, fileType }: GgmlFile): void {
  const isFloats = fileType === 0 || fileType === 1;
  const isAsToday =
    kind === "GGJT" && (version >= 3 || (version === 2 && !changedWithVersion3.includes(fileType)));
  if (isFloats || isAsToday) return;
  throw new FormatProblem(
    "unsupported",
    `its numbers are quantised (${fileType}) in a layout that llama.cpp gave up${kind === "GGJT" ? ` after version ${version} of GGJT` : ""}; get the model as GGUF or safetensors`,
  );
}

function toGgufName(name: string): string | undefined {
  if (Object.hasOwn(ofModel, name)) return ofModel[name];
  const [, layer, rest = ""] = /^layers\.(\d{1,4})\.(.+)$/.exec(name) ?? [];
  return layer !== undefined && Object.hasOwn(ofLayer, rest)
    ? `blk.${Number(layer)}.${ofLayer[rest]}`
    : undefined;
}

interface Sizes {
  readonly width: number;
  readonly layers: number;
  readonly vocabularySize: number;
  readonly innerWidth: number;
  readonly keys: number;
}

/** Every tensor that there must be. */
function shapesOf({ width, layers, vocabularySize, innerWidth, keys }: Sizes) {
  const layer: readonly (readonly [name: string, shape: readonly number[]])[] = [
    ["attn_norm.weight", [width]],
    ["attn_q.weight", [width, width]],
    ["attn_k.weight", [keys, width]],
    ["attn_v.weight", [keys, width]],
    ["attn_output.weight", [width, width]],
    ["ffn_norm.weight", [width]],
    ["ffn_gate.weight", [innerWidth, width]],
    ["ffn_down.weight", [width, innerWidth]],
    ["ffn_up.weight", [innerWidth, width]],
  ];
  const model: readonly (readonly [name: string, shape: readonly number[]])[] = [
    ["token_embd.weight", [vocabularySize, width]],
    ["output_norm.weight", [width]],
    ["output.weight", [vocabularySize, width]],
  ];
  // A file that claims millions of layers has tensors for few.
  const claimed = Array.from({ length: Math.min(layers, 10_000) }, (_, index) =>
    layer.map(([name, shape]) => [`blk.${index}.${name}`, shape] as const),
  );
  return [...model, ...claimed.flat()];
}

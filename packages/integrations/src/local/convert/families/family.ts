import type { JsonRecord } from "../json-file.ts";
import type { GgufMetadata } from "../gguf-encode.ts";
import type { DecoderSizes, ModelConfig } from "../model-config.ts";
import type { WeightTensor } from "../weights/weight-tensor.ts";

/** A tensor of a layer: what llama.cpp calls it, and its shape. */
export interface LayerTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** A norm whose weights are kept less one. */
  readonly isLessOne?: boolean;
  /** Heads whose two halves are rotated together: their rows are put in turns. */
  readonly interleavedHeads?: number;
  readonly isOptional?: boolean;
}

/** How models of one kind become GGUF. */
export interface Family {
  /** What llama.cpp calls it. */
  readonly architecture: string;
  /** Names in `architectures` of `config.json`. */
  readonly names: readonly string[];
  /** Where the tensors stand that are converted, in models that have more than text. */
  readonly prefixes: readonly string[];
  /** Tensors that are of no use in llama.cpp. */
  readonly ignored: RegExp;
  /** The last norm is kept less one, as its others are. */
  readonly hasNormsLessOne: boolean;
  /** Activations of `hidden_act` or `hidden_activation` that llama.cpp takes for it. */
  readonly activations: readonly string[];
  /** What `config.json` leaves out where it is as usual. */
  readonly defaults?: JsonRecord;
  /** Tensors of each layer by their name there. */
  layer(sizes: DecoderSizes): Readonly<Record<string, LayerTensor>>;
  /** Metadata beyond what all have. Keys without the architecture before them. Throws FormatProblem `unsupported`. */
  describe(config: ModelConfig, sizes: DecoderSizes, facts: FamilyFacts): void;
}

/** What a family adds. */
export interface FamilyFacts {
  /** With the architecture's prefix put before the key. */
  readonly metadata: GgufMetadata;
  readonly tensors: WeightTensor[];
  readonly warnings: string[];
}

/** What nearly all have: attention of three matrices, and a gated feed-forward network. */
export function usualLayer(
  { width, innerWidth, heads, headsKv, headWidth }: DecoderSizes,
  options: { readonly isInterleaved: boolean } = { isInterleaved: false },
): Readonly<Record<string, LayerTensor>> {
  const query = heads * headWidth;
  const key = headsKv * headWidth;
  const turns = (count: number) => (options.isInterleaved ? { interleavedHeads: count } : {});
  return {
    "input_layernorm.weight": { name: "attn_norm.weight", shape: [width] },
    "self_attn.q_proj.weight": { name: "attn_q.weight", shape: [query, width], ...turns(heads) },
    "self_attn.k_proj.weight": { name: "attn_k.weight", shape: [key, width], ...turns(headsKv) },
    "self_attn.v_proj.weight": { name: "attn_v.weight", shape: [key, width] },
    "self_attn.q_proj.bias": { name: "attn_q.bias", shape: [query], isOptional: true, ...turns(heads) },
    "self_attn.k_proj.bias": { name: "attn_k.bias", shape: [key], isOptional: true, ...turns(headsKv) },
    "self_attn.v_proj.bias": { name: "attn_v.bias", shape: [key], isOptional: true },
    "self_attn.o_proj.weight": { name: "attn_output.weight", shape: [width, query] },
    "post_attention_layernorm.weight": { name: "ffn_norm.weight", shape: [width] },
    "mlp.gate_proj.weight": { name: "ffn_gate.weight", shape: [innerWidth, width] },
    "mlp.up_proj.weight": { name: "ffn_up.weight", shape: [innerWidth, width] },
    "mlp.down_proj.weight": { name: "ffn_down.weight", shape: [width, innerWidth] },
  };
}

import { FormatProblem } from "../../formats/format-problem.ts";
import type { DecoderSizes, ModelConfig } from "../model-config.ts";
import { type Family, type FamilyFacts, type LayerTensor, usualLayer } from "./family.ts";
import { describeRope } from "./rope.ts";

/** Layers of the largest models, whose attention is scaled by other means than the width of a head. */
const gemma2LargeLayers = 46;
const gemma3LargeLayers = 62;
/** Of Gemma 3: one layer in six sees all; those between rotate by this base. llama.cpp has both built in. */
const gemma3Pattern = 6;
const gemma3LocalTheta = 10_000;

export const gemma2: Family = {
  architecture: "gemma2",
  names: ["Gemma2ForCausalLM"],
  prefixes: [""],
  ignored: /rotary_emb\.inv_freq$|^lm_head\.weight$/,
  hasNormsLessOne: true,
  activations: ["gelu_pytorch_tanh"],
  layer: gemmaLayer,
  describe(config, sizes, facts) {
    const { metadata } = facts;
    checkScale(config, sizes, gemma2LargeLayers);
    metadata.set("attn_logit_softcapping", { type: "f32", value: config.number("attn_logit_softcapping") });
    metadata.set("final_logit_softcapping", { type: "f32", value: config.number("final_logit_softcapping") });
    metadata.set("attention.sliding_window", { type: "u32", value: config.count("sliding_window") });
    checkLayerTypes(config, 2);
    describeRope(config, sizes.headWidth, facts);
  },
};

export const gemma3: Family = {
  architecture: "gemma3",
  names: ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
  prefixes: ["", "language_model.", "model.language_model."],
  ignored: /rotary_emb\.inv_freq$|(^|\.)lm_head\.weight$|vision_tower\.|multi_modal_projector\./,
  hasNormsLessOne: true,
  activations: ["gelu_pytorch_tanh"],
  defaults: {
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    rms_norm_eps: 1e-6,
    max_position_embeddings: 131_072,
    rope_theta: 1_000_000,
    query_pre_attn_scalar: 256,
  },
  layer: (sizes) => ({
    ...gemmaLayer(sizes),
    "self_attn.q_norm.weight": { name: "attn_q_norm.weight", shape: [sizes.headWidth], isLessOne: true },
    "self_attn.k_norm.weight": { name: "attn_k_norm.weight", shape: [sizes.headWidth], isLessOne: true },
  }),
  describe: describeGemma3,
};

function describeGemma3(config: ModelConfig, sizes: DecoderSizes, facts: FamilyFacts): void {
  checkScale(config, sizes, gemma3LargeLayers);
  for (const key of ["attn_logit_softcapping", "final_logit_softcapping"])
    if (config.optionalNumber(key) !== undefined)
      throw new FormatProblem("unsupported", `its '${key}' has no counterpart in llama.cpp`);
  const pattern =
    config.optionalCount("sliding_window_pattern") ?? config.optionalCount("_sliding_window_pattern");
  if (pattern !== undefined && pattern !== gemma3Pattern)
    throw new FormatProblem(
      "unsupported",
      `one layer in ${pattern} sees all; llama.cpp expects one in ${gemma3Pattern}`,
    );
  checkLayerTypes(config, gemma3Pattern);
  const local =
    config.optionalNumber("rope_local_base_freq") ??
    config.part("rope_parameters")?.part("sliding_attention")?.optionalNumber("rope_theta") ??
    gemma3LocalTheta;
  if (local !== gemma3LocalTheta)
    throw new FormatProblem(
      "unsupported",
      `its local layers rotate by ${local}; llama.cpp expects ${gemma3LocalTheta}`,
    );
  facts.metadata.set("attention.sliding_window", { type: "u32", value: config.count("sliding_window") });
  describeRope(config, sizes.headWidth, facts);
}

/** Norms around both halves of a layer, all kept less one. */
function gemmaLayer(sizes: DecoderSizes): Readonly<Record<string, LayerTensor>> {
  const { width } = sizes;
  const norm = (name: string): LayerTensor => ({ name, shape: [width], isLessOne: true });
  return {
    ...usualLayer(sizes),
    "input_layernorm.weight": norm("attn_norm.weight"),
    "post_attention_layernorm.weight": norm("post_attention_norm.weight"),
    "pre_feedforward_layernorm.weight": norm("ffn_norm.weight"),
    "post_feedforward_layernorm.weight": norm("post_ffw_norm.weight"),
  };
}

/** llama.cpp takes the scale of attention from the sizes: a file that asks for another would run wrongly. */
function checkScale(config: ModelConfig, sizes: DecoderSizes, largeLayers: number): void {
  const { layers, width, heads, headWidth } = sizes;
  const expected = layers === largeLayers ? Math.floor(width / heads) : headWidth;
  const scalar = config.optionalNumber("query_pre_attn_scalar") ?? expected;
  if (scalar !== expected)
    throw new FormatProblem(
      "unsupported",
      `its attention is scaled by ${scalar}; llama.cpp scales it by ${expected}`,
    );
}

/** Every so many layers one sees all; the others look back over the window. */
function checkLayerTypes(config: ModelConfig, pattern: number): void {
  const types = config.record["layer_types"];
  if (!Array.isArray(types)) return;
  const isUsual = types.every(
    (type, index) => type === ((index + 1) % pattern === 0 ? "full_attention" : "sliding_attention"),
  );
  if (!isUsual)
    throw new FormatProblem("unsupported", `its layers take turns otherwise than llama.cpp expects`);
}

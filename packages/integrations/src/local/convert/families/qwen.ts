import { FormatProblem } from "../../formats/format-problem.ts";
import type { DecoderSizes, ModelConfig } from "../model-config.ts";
import { type Family, type FamilyFacts, usualLayer } from "./family.ts";
import { describeRope } from "./rope.ts";

const ignored = /rotary_emb\.inv_freq$/;

export const qwen2: Family = {
  architecture: "qwen2",
  names: ["Qwen2ForCausalLM"],
  prefixes: [""],
  ignored,
  hasNormsLessOne: false,
  activations: ["silu"],
  layer: (sizes) => usualLayer(sizes),
  describe,
};

export const qwen3: Family = {
  architecture: "qwen3",
  names: ["Qwen3ForCausalLM"],
  prefixes: [""],
  ignored,
  hasNormsLessOne: false,
  activations: ["silu"],
  layer: (sizes) => ({
    ...usualLayer(sizes),
    "self_attn.q_norm.weight": { name: "attn_q_norm.weight", shape: [sizes.headWidth] },
    "self_attn.k_norm.weight": { name: "attn_k_norm.weight", shape: [sizes.headWidth] },
  }),
  describe,
};

function describe(config: ModelConfig, { headWidth }: DecoderSizes, facts: FamilyFacts): void {
  if (config.record["use_sliding_window"] === true)
    throw new FormatProblem(
      "unsupported",
      "it uses a sliding window, which llama.cpp does not have for this architecture",
    );
  describeRope(config, headWidth, facts);
}

import { FormatProblem } from "../../formats/format-problem.ts";
import { toList } from "../json-file.ts";
import type { DecoderSizes, ModelConfig } from "../model-config.ts";
import { toWeightTensor } from "../weights/weight-tensor.ts";
import { type Family, type FamilyFacts, usualLayer } from "./family.ts";
import { type Rope, readRope } from "./rope.ts";

/** Phi-3 and Phi-4: the matrices of attention in one, and those of the gate and of the network too. */
export const phi3: Family = {
  architecture: "phi3",
  names: ["Phi3ForCausalLM"],
  prefixes: [""],
  ignored: /rotary_emb\.inv_freq$/,
  hasNormsLessOne: false,
  activations: ["silu"],
  layer(sizes) {
    const { width, innerWidth, heads, headsKv, headWidth } = sizes;
    const usual = usualLayer(sizes);
    return {
      ...Object.fromEntries(Object.entries(usual).filter(([name]) => /norm|o_proj|down_proj/.test(name))),
      "self_attn.qkv_proj.weight": {
        name: "attn_qkv.weight",
        shape: [(heads + 2 * headsKv) * headWidth, width],
      },
      "mlp.gate_up_proj.weight": { name: "ffn_up.weight", shape: [2 * innerWidth, width] },
    };
  },
  describe(config, sizes, facts) {
    const rope = readRope(config);
    const share =
      rope.parameters.optionalNumber("partial_rotary_factor") ??
      config.optionalNumber("partial_rotary_factor") ??
      1;
    const dimensions = Math.floor(sizes.headWidth * share);
    const original = originalTokens(config, rope);
    facts.metadata.set("rope.freq_base", { type: "f32", value: rope.theta });
    facts.metadata.set("rope.dimension_count", { type: "u32", value: dimensions });
    facts.metadata.set("rope.scaling.original_context_length", { type: "u32", value: original });
    // Zero tells llama.cpp that the key is known and no window is wanted.
    const window = config.optionalCount("sliding_window") ?? 0;
    facts.metadata.set("attention.sliding_window", { type: "u32", value: window });
    if (window > 0 && window < sizes.contextTokens)
      facts.warnings.push(`It looks back over ${window} tokens only; llama.cpp lets it look back over all.`);
    if (rope.type !== "default") describeLongRope(rope, { sizes, dimensions, original }, facts);
  },
};

function originalTokens(config: ModelConfig, rope: Rope): number {
  return (
    rope.parameters.optionalCount("original_max_position_embeddings") ??
    config.optionalCount("original_max_position_embeddings") ??
    config.count("max_position_embeddings")
  );
}

/** Two sets of factors: for contexts up to the original length, and beyond. */
function describeLongRope(
  { type, parameters }: Rope,
  about: { readonly sizes: DecoderSizes; readonly dimensions: number; readonly original: number },
  facts: FamilyFacts,
): void {
  if (type !== "longrope" && type !== "su")
    throw new FormatProblem(
      "unsupported",
      `its positions are stretched by '${type}', which cannot be converted for this architecture`,
    );
  const scale = about.sizes.contextTokens / about.original;
  const attention = scale > 1 ? Math.sqrt(1 + Math.log(scale) / Math.log(about.original)) : 1;
  facts.metadata.set("rope.scaling.attn_factor", {
    type: "f32",
    value: parameters.optionalNumber("attention_factor") ?? attention,
  });
  for (const [key, name] of [
    ["long_factor", "rope_factors_long.weight"],
    ["short_factor", "rope_factors_short.weight"],
  ] as const) {
    const factors = toList(parameters.record[key]).filter((factor) => typeof factor === "number");
    if (factors.length !== about.dimensions / 2)
      throw new FormatProblem("corrupt", `'${key}' has not one factor for each pair of dimensions`);
    facts.tensors.push(toWeightTensor(name, factors));
  }
}

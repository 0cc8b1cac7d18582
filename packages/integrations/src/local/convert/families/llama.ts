import { describeRope } from "./rope.ts";
import { type Family, usualLayer } from "./family.ts";

/** Llama 1 to 3 and what is built like them, Mistral among them. */
export const llama: Family = {
  architecture: "llama",
  names: ["LlamaForCausalLM", "LLaMAForCausalLM", "MistralForCausalLM"],
  prefixes: [""],
  ignored: /rotary_emb\.inv_freq$/,
  hasNormsLessOne: false,
  activations: ["silu"],
  // llama.cpp rotates neighbours for these; the Hub's files rotate halves.
  layer: (sizes) => ({
    ...usualLayer(sizes, { isInterleaved: true }),
    "mlp.gate_proj.bias": { name: "ffn_gate.bias", shape: [sizes.innerWidth], isOptional: true },
    "mlp.up_proj.bias": { name: "ffn_up.bias", shape: [sizes.innerWidth], isOptional: true },
    "mlp.down_proj.bias": { name: "ffn_down.bias", shape: [sizes.width], isOptional: true },
    "self_attn.o_proj.bias": { name: "attn_output.bias", shape: [sizes.width], isOptional: true },
  }),
  describe(config, { headWidth, contextTokens }, facts) {
    facts.metadata.set("rope.dimension_count", { type: "u32", value: headWidth });
    describeRope(config, headWidth, facts);
    const window = config.optionalCount("sliding_window");
    if (window !== undefined && window < contextTokens)
      facts.warnings.push(
        `It looks back over ${window} tokens only; llama.cpp lets it look back over all, so answers past that many tokens may differ.`,
      );
  },
};

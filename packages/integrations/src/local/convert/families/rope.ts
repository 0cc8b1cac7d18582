import { FormatProblem } from "../../formats/format-problem.ts";
import { toPrintable } from "../../formats/printable.ts";
import { ModelConfig } from "../model-config.ts";
import { toWeightTensor, type WeightTensor } from "../weights/weight-tensor.ts";
import type { FamilyFacts } from "./family.ts";

/** How positions are rotated, wherever the version of `config.json` keeps it. */
export interface Rope {
  readonly theta: number;
  /** `default` for none. */
  readonly type: string;
  readonly parameters: ModelConfig;
}

const usualTheta = 10_000;
const usualOriginalTokens = 8_192;

/** That of the layers that see all, where a model has two kinds. */
export function readRope(config: ModelConfig): Rope {
  const newer = config.part("rope_parameters");
  const parameters =
    newer?.part("full_attention") ?? newer ?? config.part("rope_scaling") ?? new ModelConfig({});
  return {
    theta: parameters.optionalNumber("rope_theta") ?? config.optionalNumber("rope_theta") ?? usualTheta,
    type: parameters.text("rope_type") ?? parameters.text("type") ?? "default",
    parameters,
  };
}

/** Writes the base, and the stretching that llama.cpp has words for: linear, yarn, llama3. */
export function describeRope(config: ModelConfig, headWidth: number, facts: FamilyFacts): void {
  const rope = readRope(config);
  const { metadata } = facts;
  const { parameters } = rope;
  metadata.set("rope.freq_base", { type: "f32", value: rope.theta });
  switch (rope.type) {
    case "default":
      return;
    case "linear":
      metadata.set("rope.scaling.type", { type: "string", value: "linear" });
      metadata.set("rope.scaling.factor", { type: "f32", value: parameters.number("factor") });
      return;
    case "yarn":
      metadata.set("rope.scaling.type", { type: "string", value: "yarn" });
      metadata.set("rope.scaling.factor", { type: "f32", value: parameters.number("factor") });
      metadata.set("rope.scaling.original_context_length", {
        type: "u32",
        value:
          parameters.optionalCount("original_max_position_embeddings") ??
          config.count("max_position_embeddings"),
      });
      return;
    case "llama3":
      facts.tensors.push(llama3Factors(rope, headWidth));
      return;
    default:
      throw new FormatProblem(
        "unsupported",
        `its positions are stretched by '${toPrintable(rope.type)}', which cannot be converted for this architecture`,
      );
  }
}

/** What each frequency is divided by: slow ones by the whole factor, fast ones not, those between by a part of it. */
function llama3Factors({ theta, parameters }: Rope, headWidth: number): WeightTensor {
  const factor = parameters.number("factor");
  const low = parameters.optionalNumber("low_freq_factor") ?? 1;
  const high = parameters.optionalNumber("high_freq_factor") ?? 4;
  const original = parameters.optionalCount("original_max_position_embeddings") ?? usualOriginalTokens;
  const factors = Array.from({ length: headWidth / 2 }, (_, index) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * index) / headWidth);
    if (wavelength < original / high) return 1;
    if (wavelength > original / low) return factor;
    const smooth = (original / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
  return toWeightTensor("rope_freqs.weight", factors);
}

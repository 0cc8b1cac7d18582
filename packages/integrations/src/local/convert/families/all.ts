import { FormatProblem } from "../../formats/format-problem.ts";
import { toPrintable } from "../../formats/printable.ts";
import { toList } from "../json-file.ts";
import { ModelConfig } from "../model-config.ts";
import type { Family } from "./family.ts";
import { gemma2, gemma3 } from "./gemma.ts";
import { llama } from "./llama.ts";
import { phi3 } from "./phi3.ts";
import { qwen2, qwen3 } from "./qwen.ts";

const families: readonly Family[] = [llama, qwen2, qwen3, gemma2, gemma3, phi3];

/** The family of a model, and its configuration with the usual values put in. Throws FormatProblem `unsupported`. */
export function findFamily(config: ModelConfig): { readonly family: Family; readonly config: ModelConfig } {
  const names = toList(config.record["architectures"]).filter((name) => typeof name === "string");
  const family = families.find((each) => names.some((name) => each.names.includes(name)));
  if (family === undefined) {
    const shown =
      names.length === 0 ? "no architecture" : `the architecture ${toPrintable(names.join(", "))}`;
    throw new FormatProblem(
      "unsupported",
      `config.json names ${shown}; only ${families.flatMap((each) => each.names).join(", ")} can be converted`,
    );
  }
  if (config.record["quantization_config"] !== undefined)
    throw new FormatProblem("unsupported", "its weights are quantised already; convert the original ones");
  const inner = config.part("text_config")?.record ?? {};
  const whole = new ModelConfig({ ...family.defaults, ...config.record, ...inner });
  for (const key of ["hidden_act", "hidden_activation"]) whole.requireText(key, family.activations);
  return { family, config: whole };
}

import type { NumberFormat } from "@llm-platform/kit";
import { FormatProblem } from "../formats/format-problem.ts";
import { findFamily } from "./families/all.ts";
import type { GgufMetadata } from "./gguf-encode.ts";
import { readJsonFile } from "./json-file.ts";
import { ModelConfig } from "./model-config.ts";
import { planModel } from "./model-plan.ts";
import { readTokenizer } from "./tokenizer/read-tokenizer.ts";
import { openWeights } from "./weights/open-weights.ts";
import { fileTypeOf, writeGguf } from "./write-gguf.ts";

export interface FolderConversion {
  /** A folder in the form of the Hugging Face Hub. */
  readonly path: string;
  /** The file to write. */
  readonly target: string;
  readonly name: string;
  readonly numbers: NumberFormat;
}

export interface Converted {
  readonly architecture: string;
  readonly tensors: number;
  readonly bytes: number;
  readonly warnings: readonly string[];
}

/** Version of the block layouts in the file. */
const quantizationVersion = 2;

/** Makes one GGUF file of a model's folder. Throws FormatProblem. */
export function convertFolder(
  { path, target, name, numbers }: FolderConversion,
  onBytes: (bytes: number, totalBytes: number) => void,
): Converted {
  const record = readJsonFile(path, "config.json");
  if (record === undefined)
    throw new FormatProblem("unsupported", "the folder has no config.json, which names the architecture");
  const { family, config } = findFamily(new ModelConfig(record));
  const weights = openWeights(path);
  try {
    const plan = planModel(family, config, weights);
    const metadata: GgufMetadata = new Map([
      ["general.architecture", { type: "string", value: family.architecture }],
      ["general.type", { type: "string", value: "model" }],
      ["general.name", { type: "string", value: name }],
      ["general.file_type", { type: "u32", value: fileTypeOf(plan.tensors, numbers) }],
      ["general.quantization_version", { type: "u32", value: quantizationVersion }],
      ...plan.metadata,
      ...readTokenizer(path, { config, vocabulary: plan.vocabulary, warnings: plan.warnings }),
    ]);
    const bytes = writeGguf(target, { metadata, tensors: plan.tensors, numbers }, onBytes);
    return {
      architecture: family.architecture,
      tensors: plan.tensors.length,
      bytes,
      warnings: plan.warnings,
    };
  } finally {
    weights.close();
  }
}

import type { ModelInfo, Operation } from "@llm-platform/kit";
import { judgeGguf } from "./formats/judge-gguf.ts";
import type { GgufHead } from "./gguf-head.ts";

/** A GGUF file that can be loaded. */
export interface ModelFile {
  readonly id: string;
  readonly path: string;
  /** All parts of a model in parts together. */
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly head: GgufHead;
}

/** `general.file_type` as people write it. */
const quantizations: Readonly<Record<number, string>> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  7: "Q8_0",
  8: "Q5_0",
  9: "Q5_1",
  10: "Q2_K",
  11: "Q3_K_S",
  12: "Q3_K_M",
  13: "Q3_K_L",
  14: "Q4_K_S",
  15: "Q4_K_M",
  16: "Q5_K_S",
  17: "Q5_K_M",
  18: "Q6_K",
  19: "IQ2_XXS",
  20: "IQ2_XS",
  21: "Q2_K_S",
  22: "IQ3_XS",
  23: "IQ3_XXS",
  24: "IQ1_S",
  25: "IQ4_NL",
  26: "IQ3_S",
  27: "IQ3_M",
  28: "IQ2_S",
  29: "IQ2_M",
  30: "IQ4_XS",
  31: "IQ1_M",
  32: "BF16",
  36: "TQ1_0",
  37: "TQ2_0",
  38: "MXFP4",
};

const encoderOnly = /bert/i;
const embeddingName = /embed|bge|minilm|gte-|e5-/i;
const unknownContextTokens = 4096;

/** Whether the model only makes embeddings. */
export function isEmbeddingModel(file: ModelFile): boolean {
  const { architecture, poolingType, name } = file.head;
  // Pooling 0 means none, 4 means a ranking head.
  if (poolingType !== undefined && poolingType > 0) return true;
  return encoderOnly.test(architecture) || embeddingName.test(file.id) || embeddingName.test(name ?? "");
}

/** Tokens of context that a call gets: what the settings say, at most what the model was trained for. */
export function contextTokensOf(file: ModelFile, wantedTokens: number): number {
  return Math.min(wantedTokens, file.head.contextTokens ?? unknownContextTokens);
}

export function toModelInfo(file: ModelFile, contextTokens: number): ModelInfo {
  const quantization = quantizations[file.head.fileType ?? -1];
  const isEmbedding = isEmbeddingModel(file);
  const operations: readonly Operation[] = isEmbedding ? ["embedding"] : ["chat", "completion", "embedding"];
  return {
    id: file.id,
    operations,
    contextTokens,
    ownedBy: "local",
    createdAtSeconds: Math.floor(file.modifiedAtMs / 1000),
    sizeBytes: file.sizeBytes,
    family: file.head.architecture,
    ...(quantization === undefined ? {} : { quantization }),
    capabilities: isEmbedding ? [] : ["tools", "json_schema"],
    verdict: judgeGguf({ type: "head", head: file.head }).verdict,
  };
}

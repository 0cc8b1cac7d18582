import type { GgufHead } from "./gguf-head.ts";
import type { ModelFile } from "./model-file.ts";

/** A file of a model as it is found in a folder; one MiB, trained for 2,048 tokens. */
export function createFile(id: string, head: Partial<GgufHead> = {}): ModelFile {
  return {
    id,
    path: `/models/${id}.gguf`,
    sizeBytes: 1024 * 1024,
    modifiedAtMs: 5_000,
    head: {
      architecture: "llama",
      kind: "model",
      name: undefined,
      sizeLabel: undefined,
      fileType: 15,
      license: undefined,
      contextTokens: 2048,
      embeddingLength: 1024,
      blockCount: 8,
      headCount: 16,
      headCountKv: 4,
      keyLength: undefined,
      valueLength: undefined,
      poolingType: undefined,
      chatTemplate: undefined,
      chatTemplates: [],
      tensorCount: 1,
      ...head,
    },
  };
}

import { describe, expect, it } from "vitest";
import type { GgufHead } from "./gguf-head.ts";
import { estimateMemory, formatEstimate } from "./memory-estimate.ts";
import { type ModelFile, toModelInfo } from "./model-file.ts";

function createFile(id: string, head: Partial<GgufHead> = {}): ModelFile {
  return {
    id,
    path: `/models/${id}.gguf`,
    sizeBytes: 1024 * 1024,
    modifiedAtMs: 5_000,
    head: {
      architecture: "llama",
      name: undefined,
      sizeLabel: undefined,
      fileType: 15,
      license: undefined,
      contextTokens: 2048,
      embeddingLength: 1024,
      blockCount: 8,
      headCount: 16,
      headCountKv: 4,
      poolingType: undefined,
      chatTemplate: undefined,
      chatTemplates: [],
      tensorCount: 1,
      ...head,
    },
  };
}

describe("toModelInfo", () => {
  it.each([
    ["a chat model", createFile("tiny-chat"), ["chat", "completion", "embedding"]],
    ["a model with pooling", createFile("m", { poolingType: 1 }), ["embedding"]],
    ["a BERT", createFile("m", { architecture: "nomic-bert" }), ["embedding"]],
    ["a model with a name of embeddings", createFile("bge-small"), ["embedding"]],
    [
      "a model that says it does not pool",
      createFile("m", { poolingType: 0 }),
      ["chat", "completion", "embedding"],
    ],
  ])("knows what %s can be asked for", (_what, file, operations) => {
    expect(toModelInfo(file, 4096).operations).toEqual(operations);
  });

  it("offers no more context than the model was trained for", () => {
    expect(toModelInfo(createFile("m"), 4096)).toMatchObject({ contextTokens: 2048, quantization: "Q4_K_M" });
    expect(toModelInfo(createFile("m"), 512).contextTokens).toBe(512);
  });
});

describe("estimateMemory", () => {
  it("counts weights, the cache of every sequence, and the process", () => {
    const estimate = estimateMemory(createFile("m"), { contextTokens: 4096, parallel: 2 });
    // Keys and values × layers × tokens × sequences × width of the shared heads × 2 bytes.
    expect(estimate.cacheBytes).toBe(2 * 8 * 2048 * 2 * 256 * 2);
    expect(estimate.totalBytes).toBe(estimate.weightsBytes + estimate.cacheBytes + estimate.overheadBytes);
    expect(formatEstimate(estimate)).toMatch(/^\d+\.\d MiB = 1\.0 MiB weights \+ 32\.0 MiB cache \+ /);
  });
});

import { describe, expect, it } from "vitest";
import { estimateMemory, formatEstimate } from "./memory-estimate.ts";
import { contextTokensOf, toModelInfo } from "./model-file.ts";
import { createFile } from "./model-file.test-data.ts";

describe("toModelInfo", () => {
  it("tells the window and the quantization", () => {
    expect(toModelInfo(createFile("m"), 512)).toMatchObject({ contextTokens: 512, quantization: "Q4_K_M" });
  });

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
    expect([4096, 2048, 512].map((wanted) => contextTokensOf(createFile("m"), wanted))).toEqual([
      2048, 2048, 512,
    ]);
  });
});

describe("estimateMemory", () => {
  const options = {
    contextTokens: 4096,
    parallel: 2,
    batchTokens: undefined,
    adapterBytes: 0,
    gpuRoomBytes: 0,
    gpuLayers: undefined,
  };

  it("splits weights and cache by the layers that are on the GPU", () => {
    const gpuRoomBytes = 8 * 1024 ** 3;
    const all = estimateMemory(createFile("m"), { ...options, gpuRoomBytes });
    const some = estimateMemory(createFile("m"), { ...options, gpuRoomBytes, gpuLayers: 3 });
    const none = estimateMemory(createFile("m"), options);
    expect([all.gpuLayers, some.gpuLayers]).toEqual([9, 3]);
    const moved = Math.ceil(((some.weightsBytes + some.cacheBytes) * 3) / 9);
    expect(none.memoryBytes - some.memoryBytes).toBe(moved);
    expect(none.memoryBytes - all.memoryBytes).toBe(all.weightsBytes + all.cacheBytes);
    expect(formatEstimate(some)).toMatch(/, of it \d+\.\d MiB on the GPU for 3 layers$/);
  });

  it("keeps to the room that there is on the GPU", () => {
    const { gpuLayers, gpuBytes } = estimateMemory(createFile("m"), {
      ...options,
      gpuRoomBytes: 560 * 1024 ** 2,
    });
    expect(gpuLayers).toBeGreaterThan(0);
    expect(gpuLayers).toBeLessThan(9);
    expect(gpuBytes).toBeLessThanOrEqual(560 * 1024 ** 2);
  });

  it("counts weights, the cache of every sequence, and the process", () => {
    const estimate = estimateMemory(createFile("m"), options);
    // Keys and values × layers × tokens × sequences × width of the shared heads × 2 bytes.
    expect(estimate.cacheBytes).toBe(2 * 8 * 2048 * 2 * 256 * 2);
    expect(estimate).toMatchObject({ gpuBytes: 0, gpuLayers: 0 });
    expect(estimate.memoryBytes).toBeGreaterThan(estimate.weightsBytes + estimate.cacheBytes);
    expect(formatEstimate(estimate)).toMatch(/^\d+\.\d MiB = 1\.0 MiB weights \+ 32\.0 MiB cache \+ /);
  });
});

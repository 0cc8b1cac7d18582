import { describe, expect, test } from "vitest";
import { windowOf, type WindowParts } from "./context-window.ts";
import { createFile } from "./model-file.test-data.ts";

const gib = 1024 ** 3;

/** Llama 3.1 8B with four bits a weight: 128 KiB of cache for each token. */
const eight = {
  ...createFile("llama-3.1-8b", {
    contextTokens: 131_072,
    embeddingLength: 4096,
    blockCount: 32,
    headCount: 32,
    headCountKv: 8,
  }),
  sizeBytes: 4.6 * gib,
};

function parts(more: Partial<WindowParts> & { readonly gib?: number } = {}): WindowParts {
  const bytes = (more.gib ?? 64) * gib;
  return {
    settings: { context_tokens: undefined, parallel: 4, gpu: "off" },
    room: { nowBytes: bytes, usualBytes: bytes },
    gpuRoomBytes: 0,
    ...more,
  };
}

describe("the window of a model that nobody has set", () => {
  test("is the larger one where that costs no more than the weights", () => {
    expect(windowOf(eight, {}, parts())).toBe(8_192);
    // Without groups of heads the cache is four times as large: 16 GiB.
    const { head } = eight;
    expect(windowOf({ ...eight, head: { ...head, headCountKv: 32 } }, {}, parts())).toBe(4_096);
  });

  test("is the larger one for a small model whose cache is below 1 GiB", () => {
    const small = { ...createFile("small", { contextTokens: 32_768 }), sizeBytes: gib / 8 };
    expect(windowOf(small, {}, parts())).toBe(8_192);
    const settings = { context_tokens: undefined, parallel: 64, gpu: "off" } as const;
    expect(windowOf(small, {}, parts({ settings }))).toBe(4_096);
  });

  test("leaves half of the memory to others, and fits into what there is now", () => {
    expect(windowOf(eight, {}, parts({ gib: 16 }))).toBe(4_096);
    const room = { nowBytes: 8 * gib, usualBytes: 64 * gib };
    expect(windowOf(eight, {}, parts({ room }))).toBe(4_096);
  });

  test("pushes no layer off the GPU", () => {
    const settings = { context_tokens: undefined, parallel: 4, gpu: "auto" } as const;
    expect(windowOf(eight, {}, parts({ settings, gpuRoomBytes: 24 * gib }))).toBe(8_192);
    expect(windowOf(eight, {}, parts({ settings, gpuRoomBytes: 8 * gib }))).toBe(4_096);
    expect(windowOf(eight, { gpu_layers: 10 }, parts({ settings, gpuRoomBytes: 8 * gib }))).toBe(8_192);
  });

  test("is no larger than what the model was trained for, as far as that is known", () => {
    expect(windowOf(createFile("m"), {}, parts())).toBe(2_048);
    expect(windowOf(createFile("m", { contextTokens: 6_000 }), {}, parts())).toBe(6_000);
    expect(windowOf(createFile("m", { contextTokens: undefined }), {}, parts())).toBe(4_096);
  });
});

test("a window that somebody has set counts, the model's own before that of all", () => {
  const settings = { context_tokens: 16_384, parallel: 4, gpu: "off" } as const;
  expect(windowOf(eight, {}, parts({ settings, gib: 1 }))).toBe(16_384);
  expect(windowOf(eight, { context_tokens: 512 }, parts({ settings }))).toBe(512);
});

import { describe, expect, it } from "vitest";
import { LastWords } from "./last-words.ts";

describe("the last words of an engine", () => {
  it.each<readonly [said: readonly string[], sentence: string]>([
    [[], "the engine ended."],
    [["[New LWP 1]"], "the engine ended."],
    [["ggml.c:1: GGML_ASSERT(x) failed"], "ggml.c:1: GGML_ASSERT(x) failed."],
    [
      ["CUDA error: no kernel image.", "  current device: 0", "cuda.cu:98: CUDA error", "[New LWP 1]"],
      "CUDA error: no kernel image.",
    ],
    [["CUDA error: one", "CUDA error: two"], "CUDA error: two."],
  ])("that said %j are %j", (said, sentence) => {
    const words = new LastWords();
    for (const line of said) words.hear(line);
    expect(words.sentence("the engine ended")).toBe(sentence);
  });
});

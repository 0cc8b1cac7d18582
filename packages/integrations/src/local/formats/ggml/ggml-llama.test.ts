import { describe, expect, it } from "vitest";
import { toByteSource } from "../byte-source.ts";
import { readGgmlFile } from "./ggml-file.ts";
import { toGgmlLlama } from "./ggml-llama.ts";
import { encodeGgml, type GgmlSample, tinyGgml } from "./ggml-sample.test-data.ts";

function read(sample: GgmlSample): ReturnType<typeof toGgmlLlama> {
  return toGgmlLlama(readGgmlFile(toByteSource(encodeGgml(sample))));
}

const sound = tinyGgml("GGJT", 3);

describe("an old file of llama.cpp", () => {
  it.each([
    ["GGML", 0],
    ["GGMF", 1],
    ["GGJT", 1],
    ["GGJT", 2],
    ["GGJT", 3],
  ] as const)("%s %d is taken for a Llama", (kind, version) => {
    const { tensors, headsKv, innerWidth } = read(tinyGgml(kind, version));
    expect({ headsKv, innerWidth }).toEqual({ headsKv: 2, innerWidth: 12 });
    expect(tensors.map(([name]) => name).slice(0, 5)).toEqual([
      "token_embd.weight",
      "output_norm.weight",
      "output.weight",
      "blk.0.attn_norm.weight",
      "blk.0.attn_q.weight",
    ]);
  });

  it.each<readonly [what: string, sample: GgmlSample, message: RegExp]>([
    ["of another version", { ...sound, version: 4 }, /version 4 of GGJT/],
    ["of quantised numbers of GGMF", { ...sound, kind: "GGMF", version: 1, fileType: 2 }, /gave up/],
    ["of quantised numbers of GGJT 1", { ...sound, version: 1, fileType: 8 }, /gave up after version 1/],
    ["of 4 bits of GGJT 2", { ...sound, version: 2, fileType: 2 }, /gave up after version 2/],
    ["of more layers than it has", { ...sound, layers: 2 }, /it has 12 tensors, and 2 layers have 21/],
    ["without a tensor", { ...sound, tensors: sound.tensors.slice(1) }, /it has 11 tensors/],
    ["with a tensor twice", { ...sound, tensors: [...sound.tensors, ...sound.tensors.slice(1, 2)] }, /twice/],
    ["of heads that do not fit", { ...sound, heads: 3 }, /3 heads for a width of 8/],
    ["of another vocabulary", { ...sound, tokens: ["a"] }, /is 4 × 8, not 1 × 8/],
    [
      "of another architecture",
      { ...sound, tensors: [{ name: "gpt_neox.embed_in.weight", shape: [4], values: new Float32Array(4) }] },
      /another architecture than Llama/,
    ],
  ])("%s is refused with the reason", (_what, sample, message) => {
    expect(() => read(sample)).toThrow(message);
  });

  it("that is cut anywhere is refused", () => {
    const bytes = encodeGgml(sound);
    for (let length = 4; length < bytes.length; length += 13)
      expect(() => toGgmlLlama(readGgmlFile(toByteSource(bytes.subarray(0, length))))).toThrow(/./);
  });
});

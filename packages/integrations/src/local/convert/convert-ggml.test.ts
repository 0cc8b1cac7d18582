import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { encodeGgml, type GgmlSample, type SampleTensor } from "../formats/ggml/ggml-sample.test-data.ts";
import { readGgufFile } from "../gguf-file.ts";
import { convertFolder } from "./convert-folder.ts";
import { convertGgml } from "./convert-ggml.ts";
import { evaluate } from "./evaluate-model.test-data.ts";
import { weightsOf, writeModelFolder } from "./model-folder.test-data.ts";

const [width, inner, heads, headsKv] = [64, 96, 4, 2];
const bytes = Array.from({ length: 256 }, (_, byte) => byte);
const tokens = ["<unk>", "<s>", "</s>", ...bytes, ...Array.from({ length: 141 }, (_, index) => ` w${index}`)];

let llama: Llama;
let folder: string;

beforeAll(async () => {
  llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
  folder = await mkdtemp(join(tmpdir(), "llm-ggml-"));
});
afterAll(async () => {
  await llama.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Rows of both halves of each head in turns, as llama.cpp keeps them; the Hub has one half after the other. */
function interleave(values: Float32Array, headCount: number): Float32Array {
  const rows = values.length / width;
  const perHead = rows / headCount;
  const mixed = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    const inHead = row % perHead;
    const from = row - inHead + Math.floor(inHead / 2) + (inHead % 2) * (perHead / 2);
    mixed.set(values.subarray(from * width, (from + 1) * width), row * width);
  }
  return mixed;
}

/** The model of the fixture `llama`, without the scaling of its positions, in the names of Meta's own files. */
function sample(kind: GgmlSample["kind"], version: number): GgmlSample {
  const tensor = (
    name: string,
    hubName: string,
    shape: readonly number[],
    headCount?: number,
  ): SampleTensor => {
    const values = weightsOf(hubName, shape, "llama");
    return { name, shape, values: headCount === undefined ? values : interleave(values, headCount) };
  };
  const layer = (index: number): readonly SampleTensor[] => {
    const of = (name: string, hubName: string, shape: readonly number[], headCount?: number): SampleTensor =>
      tensor(`layers.${index}.${name}.weight`, `model.layers.${index}.${hubName}.weight`, shape, headCount);
    const keys = (headsKv * width) / heads;
    return [
      of("attention.wq", "self_attn.q_proj", [width, width], heads),
      of("attention.wk", "self_attn.k_proj", [keys, width], headsKv),
      of("attention.wv", "self_attn.v_proj", [keys, width]),
      of("attention.wo", "self_attn.o_proj", [width, width]),
      of("attention_norm", "input_layernorm", [width]),
      of("ffn_norm", "post_attention_layernorm", [width]),
      of("feed_forward.w1", "mlp.gate_proj", [inner, width]),
      of("feed_forward.w2", "mlp.down_proj", [width, inner]),
      of("feed_forward.w3", "mlp.up_proj", [inner, width]),
    ];
  };
  return {
    kind,
    version,
    width,
    heads,
    layers: 2,
    tokens,
    tensors: [
      tensor("tok_embeddings.weight", "model.embed_tokens.weight", [tokens.length, width]),
      tensor("norm.weight", "model.norm.weight", [width]),
      tensor("output.weight", "lm_head.weight", [tokens.length, width]),
      ...layer(0),
      ...layer(1),
    ],
  };
}

it("computes what the same weights do that come as safetensors", async () => {
  const path = join(folder, "hub");
  const fixture = writeModelFolder(path, "llama");
  const { rope_parameters: _scaled, ...config } = fixture.config;
  await writeFile(
    join(path, "config.json"),
    JSON.stringify({ ...config, rope_theta: 10_000, rms_norm_eps: 5e-6 }),
  );
  const wanted = join(folder, "hub.gguf");
  convertFolder({ path, target: wanted, name: "hub", numbers: "source" }, () => undefined);
  const expected = await evaluate(llama, wanted, fixture.prompt);
  for (const [kind, version] of [
    ["GGML", 0],
    ["GGMF", 1],
    ["GGJT", 3],
  ] as const) {
    const old = join(folder, `${kind}.bin`);
    await writeFile(old, encodeGgml(sample(kind, version)));
    const target = join(folder, `${kind}.gguf`);
    const { warnings } = convertGgml({ path: old, target, name: "old", numbers: "source" }, () => undefined);
    expect(warnings).toHaveLength(2);
    const found = await evaluate(llama, target, fixture.prompt);
    const differences = found.map((value, token) => Math.abs(value - (expected[token] ?? 0)));
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  }
  expect(await readGgufFile(join(folder, "GGJT.gguf"))).toMatchObject({
    type: "head",
    head: { architecture: "llama", name: "old", contextTokens: 2048, headCountKv: 2 },
  });
}, 60_000);

it("brings the marks of spaces and the names of bytes back", async () => {
  const target = join(folder, "GGJT.gguf");
  const model = await llama.loadModel({ modelPath: target, gpuLayers: 0 });
  const { tokens: texts, token_type: types } = model.fileInfo.metadata.tokenizer?.ggml ?? {};
  expect([0, 1, 3 + 0x41, 3 + 256 + 7].map((id) => [texts?.[id], types?.[id]])).toEqual([
    ["<unk>", 2],
    ["<s>", 3],
    ["<0x41>", 6],
    ["\u2581w7", 1],
  ]);
  await model.dispose();
});

it("refuses a vocabulary that llama.cpp would end its process for", async () => {
  const old = join(folder, "twins.bin");
  await writeFile(
    old,
    encodeGgml({ ...sample("GGJT", 3), tokens: tokens.map((token, id) => (id >= 398 ? "w" : token)) }),
  );
  const target = join(folder, "twins.gguf");
  expect(() => convertGgml({ path: old, target, name: "q", numbers: "source" }, () => undefined)).toThrow(
    /two tokens 'w'/,
  );
});

it("keeps the numbers as they are, or refuses", () => {
  const old = join(folder, "GGJT.bin");
  expect(() =>
    convertGgml({ path: old, target: join(folder, "q.gguf"), name: "q", numbers: "q8_0" }, () => undefined),
  ).toThrow(/choose 'source'/);
});

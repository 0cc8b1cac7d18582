import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { convertFolder } from "./convert-folder.ts";
import { writeModelFolder } from "./model-folder.test-data.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "llm-refusals-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

function convert(): void {
  const target = join(folder, "model.gguf");
  convertFolder({ path: folder, target, name: "tiny", numbers: "source" }, () => undefined);
}

async function change(name: string, patch: (value: Record<string, unknown>) => void): Promise<void> {
  const path = join(folder, name);
  const value: Record<string, unknown> = JSON.parse(await readFile(path, "utf8"));
  patch(value);
  await writeFile(path, JSON.stringify(value));
}

describe("what cannot be converted is named", () => {
  it.each<readonly [string, Record<string, unknown>, string]>([
    ["an architecture that is not known", { architectures: ["MambaForCausalLM"] }, "MambaForCausalLM"],
    ["no architecture", { architectures: undefined }, "no architecture"],
    ["weights that are quantised", { quantization_config: { quant_method: "awq" } }, "quantised already"],
    ["another activation", { hidden_act: "relu" }, "relu"],
    ["positions stretched in an unknown way", { rope_parameters: { rope_type: "dynamic" } }, "dynamic"],
    ["other sizes than the weights have", { intermediate_size: 128 }, "config.json says 128"],
    ["sizes that are none", { hidden_size: -1 }, "hidden_size"],
    ["a count beyond 32 bits", { max_position_embeddings: 2 ** 40 }, "max_position_embeddings"],
    ["more layers than there are", { num_hidden_layers: 3 }, "lack the tensor model.layers.2"],
    ["fewer layers than there are", { num_hidden_layers: 1 }, "does not have: model.layers.1"],
  ])("%s", async (_what, patch, words) => {
    writeModelFolder(folder, "llama");
    await change("config.json", (config) => Object.assign(config, patch));
    expect(convert).toThrow(words);
  });

  it.each<readonly [string, string, Record<string, unknown>, string]>([
    [
      "a scale of attention that llama.cpp does not know",
      "gemma3",
      { query_pre_attn_scalar: 7 },
      "scaled by 7",
    ],
    [
      "another pattern of layers",
      "gemma2",
      { layer_types: ["full_attention", "full_attention"] },
      "take turns",
    ],
    ["a window of Qwen", "qwen2", { use_sliding_window: true }, "sliding window"],
  ])("%s", async (_what, family, patch, words) => {
    writeModelFolder(folder, family);
    await change("config.json", (config) => Object.assign(config, patch));
    expect(convert).toThrow(words);
  });

  it("a tokenizer that cuts texts in an unknown way", async () => {
    writeModelFolder(folder, "qwen2");
    await change("tokenizer.json", (tokenizer) =>
      Object.assign(tokenizer, { pre_tokenizer: { type: "Whitespace" } }),
    );
    expect(convert).toThrow("cuts texts into words");
  });

  it("a tokenizer that is no BPE", async () => {
    writeModelFolder(folder, "qwen2");
    await change("tokenizer.json", (tokenizer) => Object.assign(tokenizer, { model: { type: "WordPiece" } }));
    expect(convert).toThrow("WordPiece");
  });

  it.each(["config.json", "model.safetensors", "tokenizer.json"])("a folder without %s", async (name) => {
    writeModelFolder(folder, "qwen2");
    await rm(join(folder, name));
    expect(convert).toThrow(/no config.json|no weights|neither tokenizer/);
  });

  it("an index that leads out of its folder", async () => {
    writeModelFolder(folder, "qwen2", { shards: 2 });
    await change("model.safetensors.index.json", (index) =>
      Object.assign(index, { weight_map: { a: "../../etc/passwd" } }),
    );
    expect(convert).toThrow("does not name files of its folder");
  });

  it("a part that is missing", async () => {
    writeModelFolder(folder, "qwen2", { shards: 2 });
    await rm(join(folder, "model-2-of-2.safetensors"));
    expect(convert).toThrow("model-2-of-2.safetensors is missing");
  });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NumberFormat } from "@llm-platform/kit";
import { readGgufFile } from "../gguf-file.ts";
import { type Converted, convertFolder } from "./convert-folder.ts";
import { evaluate, withModel } from "./evaluate-model.test-data.ts";
import {
  families,
  type ModelFixture,
  readFixture,
  type TokenizerFixture,
  writeModelFolder,
} from "./model-folder.test-data.ts";

let llama: Llama;
let folder: string;

beforeAll(async () => {
  llama = await getLlama({ gpu: false, build: "never", logLevel: LlamaLogLevel.error });
  folder = await mkdtemp(join(tmpdir(), "llm-convert-"));
});
afterAll(async () => {
  await llama.dispose();
  await rm(folder, { recursive: true, force: true });
});

interface Made {
  readonly fixture: ModelFixture;
  readonly converted: Converted;
  readonly target: string;
}

function convert(
  family: string,
  numbers: NumberFormat,
  options: Parameters<typeof writeModelFolder>[2] = {},
): Made {
  const path = join(folder, `${family}-${options.dtype ?? "F32"}-${options.shards ?? 1}`);
  const fixture = writeModelFolder(path, family, options);
  const target = join(folder, `${family}-${options.dtype ?? "F32"}-${options.shards ?? 1}-${numbers}.gguf`);
  const converted = convertFolder({ path, target, name: "tiny", numbers }, () => undefined);
  return { fixture, converted, target };
}

function toLogarithms(logits: readonly number[]): readonly number[] {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return logits.map((logit) => logit - largest - Math.log(sum));
}

/** The largest difference, and the mean one. */
function compare(
  found: readonly number[],
  wanted: readonly number[],
): { readonly largest: number; readonly mean: number } {
  expect(found).toHaveLength(wanted.length);
  const differences = found.map((value, index) => Math.abs(value - (wanted[index] ?? 0)));
  return {
    largest: Math.max(...differences),
    mean: differences.reduce((sum, each) => sum + each, 0) / wanted.length,
  };
}

describe("a converted model computes what PyTorch does", () => {
  it.each(families)("%s, in 32-bit floats", async (family) => {
    const { fixture, target } = convert(family, "source");
    const { largest } = compare(await evaluate(llama, target, fixture.prompt), toLogarithms(fixture.logits));
    // The cache of attention is in 16-bit floats.
    expect(largest).toBeLessThan(0.02);
  });

  // Of 64 numbers each: eight bits lose about a hundredth of the range of the results.
  it.each([
    ["f16", 0.02],
    ["bf16", 0.15],
    ["q8_0", 0.4],
    ["q5_0", 2],
    ["q4_0", 4],
  ] as const)("qwen3, in %s", async (numbers, tolerance) => {
    const { fixture, target } = convert("qwen3", numbers, { dtype: "BF16", shards: 3 });
    const { largest, mean } = compare(
      await evaluate(llama, target, fixture.prompt),
      toLogarithms(fixture.logits),
    );
    expect(largest).toBeLessThan(tolerance);
    expect(mean).toBeLessThan(tolerance / 3);
  });
});

describe("a converted tokenizer cuts texts as the original does", () => {
  it.each(["llama", "qwen2", "phi3", "gemma2"])("that of %s", async (family) => {
    const { fixture, target } = convert(family, "source");
    const { texts } = readFixture<TokenizerFixture>(`tokenizer-${fixture.tokenizer}`);
    await withModel(llama, target, async (model) => {
      const bos = model.tokens.shouldPrependBosToken && model.tokens.bos !== null ? [model.tokens.bos] : [];
      for (const [text, ids] of texts)
        expect([text, [...bos, ...model.tokenize(text, true)]]).toEqual([text, ids]);
      await Promise.resolve();
    });
  });
});

describe("the head of a converted file", () => {
  it("has what the platform reads, and the chat template", async () => {
    const { converted, target } = convert("gemma3", "q8_0");
    const result = await readGgufFile(target);
    expect(result).toMatchObject({
      type: "head",
      head: {
        architecture: "gemma3",
        name: "tiny",
        fileType: 7,
        contextTokens: 256,
        tensorCount: converted.tensors,
      },
    });
    expect(result).toMatchObject({ head: { chatTemplate: expect.stringContaining("message.role") } });
    expect(converted).toMatchObject({ architecture: "gemma3", warnings: [] });
  });
});

import { describe, expect, it, test } from "vitest";
import { fileRisk } from "./file-risk.ts";
import { groupQuantizations, quantizationOf } from "./quantizations.ts";

it.each([
  ["Qwen3-0.6B-Q4_K_M.gguf", "Q4_K_M"],
  ["model.q8_0.gguf", "Q8_0"],
  ["x-IQ3_XS.gguf", "IQ3_XS"],
  ["gpt-oss-20b-mxfp4.gguf", "MXFP4"],
  ["x-UD-Q2_K_XL.gguf", "UD-Q2_K_XL"],
  ["BF16/x-BF16-00001-of-00002.gguf", "BF16"],
  ["Q4_0/model.gguf", "Q4_0"],
  ["model.gguf", undefined],
])("the name %s says %s", (path, name) => {
  expect(quantizationOf(path)).toBe(name);
});

const file = (path: string, sizeBytes: number) => ({ path, sizeBytes, risk: "none" }) as const;

describe("the models of a repository", () => {
  test("are smallest first, what is split is one, and what only sees for another is none", () => {
    const found = groupQuantizations([
      file("x-F16-00002-of-00002.gguf", 40),
      file("x-F16-00001-of-00002.gguf", 50),
      file("x-Q4_0.gguf", 20),
      file("mmproj-x-F16.gguf", 5),
      file("README.md", 1),
      file("half-Q8_0-00001-of-00002.gguf", 9),
    ]);
    expect(found.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ["Q4_0", 20],
      ["F16", 90],
    ]);
    expect(found[1]?.files.map(({ path }) => path)).toEqual([
      "x-F16-00001-of-00002.gguf",
      "x-F16-00002-of-00002.gguf",
    ]);
  });
});

it.each([
  ["model.gguf", "none"],
  ["model.safetensors", "none"],
  ["pytorch_model.bin", "runs_code"],
  ["modeling_x.py", "runs_code"],
  ["a/x.pkl", "runs_code"],
  ["x.llamafile", "program"],
  ["run.sh", "program"],
])("%s is of the risk %s", (path, risk) => {
  expect(fileRisk(path)).toBe(risk);
});

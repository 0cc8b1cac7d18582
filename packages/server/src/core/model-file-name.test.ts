import { expect, it } from "vitest";
import { modelFileName } from "./model-file-name.ts";

it.each([
  ["a/b/Tiny-Q4_K_M.gguf", undefined, "Tiny-Q4_K_M.gguf"],
  ["tiny.GGUF", undefined, "tiny.gguf"],
  ["tiny.gguf", "mine", "mine.gguf"],
  ["tiny.gguf", "mine.gguf", "mine.gguf"],
  ["big-00002-of-00003.gguf", "mine", "mine-00002-of-00003.gguf"],
])("names %s, wanted as %s, %s", (path, wanted, name) => {
  expect(modelFileName(path, wanted)).toBe(name);
});

it.each([
  "../x.gguf",
  "a/../x.gguf",
  "/x.gguf",
  "a//x.gguf",
  "C:\\x.gguf",
  "a%2e/x.gguf",
  "x\u0000.gguf",
  "x\u001b[31m.gguf",
  "a\u2215x.gguf",
  `${"x".repeat(600)}.gguf`,
  ".gguf",
  "-x.gguf",
  "ü.gguf",
  "model.safetensors",
  "model.bin",
  "model.llamafile",
  "run.sh",
])("gives %j no name", (path) => {
  expect(() => modelFileName(path, undefined)).toThrow(expect.objectContaining({ code: "invalid_request" }));
});

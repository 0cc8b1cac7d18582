import { expect, test } from "vitest";
import { fits, type Model, type ModelFilter, noFilter, valuesOf } from "./model-facts.ts";

const model: Model = {
  id: "tiny-Q4_K_M",
  integration: "local",
  provider: "llama_cpp",
  operations: ["chat", "completion"],
  context_tokens: 2_048,
  size_bytes: 1_500_000_000,
  family: "llama",
  quantization: "Q4_K_M",
  capabilities: ["tools"],
  verdict: "weights_only",
};

test.each<[Partial<ModelFilter>, boolean]>([
  [{}, true],
  [{ text: " LOCAL/tiny" }, true],
  [{ text: "office" }, false],
  [{ integration: "local", task: "tools", quantization: "Q4_K_M", verdict: "weights_only" }, true],
  [{ task: "embedding" }, false],
  [{ size: "small" }, true],
  [{ size: "large" }, false],
  [{ verdict: "suspicious" }, false],
])("a model is found by all of %j: %s", (filter, isFound) => {
  expect(fits(model, { ...noFilter, ...filter })).toBe(isFound);
});

test("a model of unknown size is in no class of size", () => {
  const unknown = { ...model, size_bytes: null };
  expect(fits(unknown, noFilter)).toBe(true);
  expect(fits(unknown, { ...noFilter, size: "small" })).toBe(false);
});

test("a value is offered once, and nothing for what is not known", () => {
  expect(valuesOf(["b", null, "a", "b"])).toEqual(["a", "b"]);
});

import type { JsonObject } from "@llm-platform/kit";
import { expect, test } from "vitest";
import { encodeCompletion } from "./encode-completion.ts";
import { encodeEmbedding } from "./encode-embedding.ts";

function complete(request: JsonObject): JsonObject {
  return encodeCompletion({ operation: "completion", model: "m", stream: true, request }, { keepAlive: -1 });
}

function embed(request: JsonObject, serverVersion = "0.12.0"): JsonObject {
  return encodeEmbedding({ operation: "embedding", model: "m", stream: false, request }, { serverVersion });
}

test("a completion says prompt, suffix and options", () => {
  expect(
    complete({ prompt: ["Once"], suffix: "end", max_tokens: 5, echo: false, best_of: 1, logprobs: null }),
  ).toEqual({
    model: "m",
    prompt: "Once",
    suffix: "end",
    stream: true,
    options: { num_predict: 5 },
    keep_alive: -1,
  });
});

test.each<[JsonObject, string, string]>([
  [{ prompt: ["a", "b"] }, "unsupported_parameter", "prompt"],
  [{ prompt: [1, 2] }, "unsupported_parameter", "prompt"],
  [{ prompt: [[1]] }, "unsupported_parameter", "prompt"],
  [{ prompt: "" }, "invalid_request", "prompt"],
  [{}, "invalid_request", "prompt"],
  [{ prompt: "a", suffix: 1 }, "invalid_request", "suffix"],
  [{ prompt: "a", echo: true }, "unsupported_parameter", "echo"],
  [{ prompt: "a", logprobs: 2 }, "unsupported_parameter", "logprobs"],
])("the completion %j is refused", (request, code, field) => {
  expect(() => complete(request)).toThrow(expect.objectContaining({ code, field }));
});

test("an embedding says its input, and asks for an error in place of a cut", () => {
  expect(embed({ input: ["a", "b"], encoding_format: "base64", user: "u", dimensions: 64 })).toEqual({
    model: "m",
    input: ["a", "b"],
    truncate: false,
    dimensions: 64,
  });
});

test.each<[JsonObject, string, string]>([
  [{ input: [1, 2] }, "unsupported_parameter", "input"],
  [{ input: [[1]] }, "unsupported_parameter", "input"],
  [{ input: "" }, "invalid_request", "input"],
  [{ input: [] }, "invalid_request", "input"],
  [{ input: ["a", ""] }, "invalid_request", "input[1]"],
  [{ input: "a", encoding_format: "int8" }, "unsupported_parameter", "encoding_format"],
  [{ input: "a", dimensions: 0 }, "invalid_request", "dimensions"],
])("the embedding %j is refused", (request, code, field) => {
  expect(() => embed(request)).toThrow(expect.objectContaining({ code, field }));
});

test("dimensions are refused by a server that would read past them", () => {
  expect(() => embed({ input: "a", dimensions: 64 }, "0.11.10")).toThrow(
    expect.objectContaining({ field: "dimensions" }),
  );
});

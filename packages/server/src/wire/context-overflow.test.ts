import { describe, expect, test } from "vitest";
import { describeContextOverflow, readContextOverflow } from "./context-overflow.ts";

describe("what servers say of a prompt that does not fit", () => {
  test.each<[string, string, number | undefined, number | undefined]>([
    [
      "OpenAI",
      "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens. Please reduce the length of the messages.",
      5000,
      4096,
    ],
    [
      "OpenAI, with an answer",
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion). Please reduce the length of the messages or completion.",
      4000,
      4096,
    ],
    [
      "OpenAI's embeddings",
      "This model's maximum context length is 8192 tokens, however you requested 10000 tokens (10000 in your prompt; 0 for the completion). Please reduce your prompt; or completion length.",
      10000,
      8192,
    ],
    [
      "vLLM",
      "This model's maximum context length is 2048 tokens. However, you requested 100 output tokens and your prompt contains at least 1949 input tokens, for a total of at least 2049 tokens.",
      1949,
      2048,
    ],
    [
      "vLLM, of the answer",
      "'max_tokens' or 'max_completion_tokens' is too large: 3000. This model's maximum context length is 2048 tokens and your request has 500 input tokens (3000 > 2048 - 500).",
      500,
      2048,
    ],
    [
      "vLLM, of a prompt",
      "The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.",
      5000,
      4096,
    ],
    [
      "vLLM, of images",
      "The prompt (total length 5000) is too long to fit into the model (context length 4096). Make sure that `max_model_len` is no smaller than",
      5000,
      4096,
    ],
    [
      "vLLM, of what was passed",
      "You passed 5001 input tokens and requested 0 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 4096 tokens.",
      5001,
      4096,
    ],
    ["vLLM of old", "max_tokens must be at least 1, got -186.", undefined, undefined],
    [
      "SGLang",
      "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
      5000,
      4096,
    ],
    [
      "SGLang, with an answer",
      "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5000 tokens: 4000 tokens from the input messages and 1000 tokens for the completion.",
      4000,
      4096,
    ],
    [
      "text-generation-webui",
      "This model maximum context length is 2048 tokens. However, your messages resulted in over 3000 tokens.",
      3000,
      2048,
    ],
    [
      "llama.cpp",
      "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
      5000,
      4096,
    ],
    [
      "llama.cpp, without numbers",
      "the request exceeds the available context size. try increasing the context size or enable context shift",
      undefined,
      undefined,
    ],
    ["llama.cpp, while it answers", "Context size has been exceeded.", undefined, undefined],
    [
      "LocalAI",
      "rpc error: code = Internal desc = request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it",
      5000,
      4096,
    ],
    ["llama-cpp-python", "Requested tokens (2285) exceed context window of 2048", 2285, 2048],
    [
      "LM Studio",
      "Trying to keep the first 15857 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input",
      15857,
      4096,
    ],
    [
      "LM Studio of late",
      "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 10247 >= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter prompt.",
      10247,
      4096,
    ],
    [
      "text-generation-inference",
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 20 `max_new_tokens`",
      5000,
      4096,
    ],
    ["Ollama", "the input length exceeds the context length", undefined, undefined],
    ["Ollama, of an embedding", "input length exceeds maximum context length", undefined, undefined],
    ["Anthropic", "prompt is too long: 208310 tokens > 200000 maximum", 208310, 200000],
    [
      "Anthropic, with an answer",
      "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again",
      190000,
      200000,
    ],
    [
      "Gemini",
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      1200000,
      1048576,
    ],
    [
      "Mistral",
      "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      40000,
      32768,
    ],
    [
      "the engine of local",
      "The model's maximum context length is 2048 tokens with the answer, and the prompt has at least 9000. Shorten 'tools'.",
      9000,
      2048,
    ],
  ])("%s", (_server, message, promptTokens, contextTokens) => {
    const told = {
      ...(promptTokens === undefined ? {} : { promptTokens }),
      ...(contextTokens === undefined ? {} : { contextTokens }),
    };
    expect(readContextOverflow({ message, type: "BadRequestError", code: 400 })).toEqual(told);
    expect(readContextOverflow(message)).toEqual(told);
  });

  test("OpenAI's code is enough, and llama.cpp's fields count before its sentence", () => {
    expect(readContextOverflow({ code: "context_length_exceeded" })).toEqual({});
    expect(
      readContextOverflow({
        type: "exceed_context_size_error",
        message: "the request exceeds the available context size",
        n_prompt_tokens: 1407,
        n_ctx: 256,
      }),
    ).toEqual({ promptTokens: 1407, contextTokens: 256 });
  });

  test.each([
    ["nothing", undefined],
    ["no message", {}],
    ["a message that is no text", { message: 7 }],
    ["another fault", { message: "Unsupported parameter: 'max_tokens' is not supported with this model." }],
    ["another fault, told as a text", "model 'x' not found"],
    ["what was asked about it, repeated", { message: `${"a".repeat(1_000)}prompt is too long` }],
  ])("is not found in %s", (_what, error) => {
    expect(readContextOverflow(error)).toBeUndefined();
  });

  test("counts that are none are left out", () => {
    const type = "exceed_context_size_error";
    expect(readContextOverflow({ type, n_prompt_tokens: "9", n_ctx: 0 })).toEqual({});
    expect(readContextOverflow(`prompt is too long: ${"9".repeat(30)} tokens > 4096 maximum`)).toEqual({
      contextTokens: 4096,
    });
  });
});

test.each([
  [{}, undefined, "The prompt does not fit into the model's context. Shorten the prompt."],
  [
    { promptTokens: 5000 },
    "messages",
    "The prompt does not fit into the model's context. Shorten 'messages'.",
  ],
  [
    { contextTokens: 4096 },
    undefined,
    "The model's maximum context length is 4096 tokens, which prompt and answer together exceed. Shorten the prompt, or ask for a shorter answer.",
  ],
  [
    { promptTokens: 4096, contextTokens: 4096 },
    "tools",
    "The model's maximum context length is 4096 tokens, and the prompt has at least 4096. Shorten 'tools'.",
  ],
  [
    { promptTokens: 4000, contextTokens: 4096 },
    undefined,
    "The model's maximum context length is 4096 tokens, and the prompt has 4000, which leaves too few for the answer. Shorten the prompt, or ask for a shorter answer.",
  ],
])("%j is told as what to do about it", (overflow, field, text) => {
  expect(describeContextOverflow(overflow, field)).toBe(text);
});

import type { JsonObject } from "@llm-platform/kit";
import { describe, expect, test } from "vitest";
import { type EncodeSettings, encodeChat } from "./encode-chat.ts";

const user = { role: "user", content: "Hi" };
const newServer: EncodeSettings = { serverVersion: "0.13.0" };

function encode(request: JsonObject, settings: EncodeSettings = newServer, stream = false): JsonObject {
  return encodeChat(
    { operation: "chat", model: "llama3:latest", stream, request: { messages: [user], ...request } },
    settings,
  );
}

test("a plain chat says the model, the messages and whether to stream, and nothing else", () => {
  expect(encode({ model: "alias", stream: true }, newServer, true)).toEqual({
    model: "llama3:latest",
    messages: [user],
    stream: true,
  });
});

test("sampling goes into the options, in Ollama's words", () => {
  const request = {
    temperature: 0,
    top_p: 0.5,
    seed: 7,
    stop: "END",
    max_tokens: 100,
    max_completion_tokens: 50,
    frequency_penalty: 1,
    presence_penalty: -1,
  };
  expect(encode(request).options).toEqual({
    temperature: 0,
    top_p: 0.5,
    seed: 7,
    stop: ["END"],
    num_predict: 50,
    frequency_penalty: 1,
    presence_penalty: -1,
  });
});

test("the settings add keep_alive and the window", () => {
  const encoded = encode({}, { ...newServer, keepAlive: "5m", contextTokens: 8192 });
  expect(encoded).toMatchObject({ keep_alive: "5m", options: { num_ctx: 8192 } });
});

test("harmless fields are taken and left out", () => {
  const request = {
    user: "u",
    metadata: { a: "b" },
    store: false,
    n: 1,
    stream_options: { include_usage: true },
  };
  expect(Object.keys(encode(request))).toEqual(["model", "messages", "stream"]);
});

describe("messages", () => {
  test("a developer speaks as the system", () => {
    const encoded = encode({ messages: [{ role: "developer", content: "Be brief." }, user] });
    expect(encoded.messages).toEqual([{ role: "system", content: "Be brief." }, user]);
  });

  test("text parts stand on lines of their own, images beside them", () => {
    const parts = [
      { type: "text", text: "What" },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=", detail: "auto" } },
      { type: "text", text: "is this?" },
    ];
    expect(encode({ messages: [{ role: "user", content: parts }] }).messages).toEqual([
      { role: "user", content: "What\nis this?", images: ["iVBORw0KGgo="] },
    ]);
  });

  test("a tool call and its result keep name, arguments and id", () => {
    const messages = [
      user,
      {
        role: "assistant",
        content: null,
        refusal: null,
        annotations: [],
        reasoning_content: "Look it up.",
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Rome"}' } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "sunny" },
    ];
    expect(encode({ messages }).messages).toEqual([
      user,
      {
        role: "assistant",
        content: "",
        thinking: "Look it up.",
        tool_calls: [{ id: "call_1", function: { name: "weather", arguments: { city: "Rome" } } }],
      },
      { role: "tool", content: "sunny", tool_name: "weather", tool_call_id: "call_1" },
    ]);
  });
});

describe("tools", () => {
  const tools = [
    { type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } },
  ];

  test("they go on as they are", () => {
    expect(encode({ tools, tool_choice: "auto", parallel_tool_calls: true }).tools).toEqual(tools);
  });

  test("the choice none leaves them out", () => {
    expect(encode({ tools, tool_choice: "none" })).not.toHaveProperty("tools");
  });
});

test.each([
  [{ type: "text" }, undefined],
  [{ type: "json_object" }, "json"],
  [
    { type: "json_schema", json_schema: { name: "x", strict: true, schema: { type: "object" } } },
    { type: "object" },
  ],
])("the response format %j becomes %j", (format, expected) => {
  expect(encode({ response_format: format }).format).toEqual(expected);
});

test.each([
  ["none", false],
  ["low", "low"],
  ["high", "high"],
])("the reasoning effort %s becomes think: %j", (effort, think) => {
  expect(encode({ reasoning_effort: effort }).think).toBe(think);
});

test("log probabilities are asked of a server that gives them", () => {
  expect(encode({ logprobs: true, top_logprobs: 3 })).toMatchObject({ logprobs: true, top_logprobs: 3 });
});

test.each(["0.12.10", "0.0.0", "strange", undefined])(
  "log probabilities are refused at version %s",
  (serverVersion) => {
    expect(() => encode({ logprobs: true }, { serverVersion })).toThrow(
      expect.objectContaining({ code: "unsupported_parameter", field: "logprobs" }),
    );
    expect(encode({ logprobs: false }, { serverVersion })).not.toHaveProperty("logprobs");
  },
);

const unsupported = "unsupported_parameter";
const invalid = "invalid_request";
const image = (url: string, extra: JsonObject = {}): JsonObject => ({
  messages: [{ role: "user", content: [{ type: "image_url", image_url: { url, ...extra } }] }],
});
const toolCall = (text: string): JsonObject => ({
  messages: [
    {
      role: "assistant",
      tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: text } }],
    },
  ],
});

test.each<[JsonObject, string, string]>([
  [{ messages: [] }, invalid, "messages"],
  [{ messages: "Hi" }, invalid, "messages"],
  [{ messages: [null] }, invalid, "messages[0]"],
  [{ messages: [{ content: "Hi" }] }, unsupported, "messages[0].role"],
  [{ messages: [{ role: "function", name: "f", content: "1" }] }, unsupported, "messages[0].role"],
  [{ messages: [{ role: "toString", content: "Hi" }] }, unsupported, "messages[0].role"],
  [{ messages: [{ ...user, name: "Ann" }] }, unsupported, "messages[0].name"],
  [{ messages: [{ ...user, mood: "glad" }] }, unsupported, "messages[0].mood"],
  [{ messages: [{ role: "user" }] }, invalid, "messages[0].content"],
  [
    { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] },
    unsupported,
    "messages[0].content[0].type",
  ],
  [{ messages: [{ role: "tool", tool_call_id: "x", content: "1" }] }, invalid, "messages[0].tool_call_id"],
  [image("https://example.com/a.png"), unsupported, "messages[0].content[0].image_url.url"],
  [image("data:image/png;base64,***"), invalid, "messages[0].content[0].image_url.url"],
  [image("file:///etc/passwd"), invalid, "messages[0].content[0].image_url.url"],
  [
    image("data:image/png;base64,AAAA", { detail: "high" }),
    unsupported,
    "messages[0].content[0].image_url.detail",
  ],
  [toolCall("[1]"), invalid, "messages[0].tool_calls[0].function.arguments"],
  [toolCall("{"), invalid, "messages[0].tool_calls[0].function.arguments"],
  [
    toolCall(`{"a":${"[".repeat(9_000)}${"]".repeat(9_000)}}`),
    invalid,
    "messages[0].tool_calls[0].function.arguments",
  ],
  [{ tool_choice: "required" }, unsupported, "tool_choice"],
  [{ tool_choice: { type: "function", function: { name: "f" } } }, unsupported, "tool_choice"],
  [{ tools: [{ type: "custom", custom: {} }] }, unsupported, "tools[0].type"],
  [
    { response_format: { type: "json_schema", json_schema: { name: "x" } } },
    invalid,
    "response_format.json_schema.schema",
  ],
  [{ response_format: { type: "grammar" } }, unsupported, "response_format.type"],
  [{ reasoning_effort: "minimal" }, unsupported, "reasoning_effort"],
  [{ top_logprobs: 3 }, invalid, "top_logprobs"],
  [{ logprobs: true, top_logprobs: 21 }, invalid, "top_logprobs"],
  [{ temperature: "hot" }, invalid, "temperature"],
  [{ seed: 1.5 }, invalid, "seed"],
  [{ stop: [1] }, invalid, "stop"],
  [{ max_tokens: 0 }, invalid, "max_tokens"],
  [{ max_completion_tokens: -1 }, invalid, "max_completion_tokens"],
  [{ n: 2 }, unsupported, "n"],
  [{ parallel_tool_calls: false }, unsupported, "parallel_tool_calls"],
])("%j is refused", (request, code, field) => {
  expect(() => encode(request)).toThrow(expect.objectContaining({ code, field }));
});

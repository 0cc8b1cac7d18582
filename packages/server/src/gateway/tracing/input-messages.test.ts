import type { JsonObject } from "@llm-platform/kit";
import { describe, expect, test } from "vitest";
import { readInput } from "./input-messages.ts";

const data = Buffer.alloc(30).toString("base64");
const text = (content: string) => ({ type: "text", content });

const messages: readonly (readonly [what: string, message: JsonObject, parts: readonly JsonObject[]])[] = [
  ["a text", { role: "user", content: "hi" }, [text("hi")]],
  ["no content", { role: "assistant", content: null }, []],
  [
    "what a model thought",
    { role: "assistant", content: [{ type: "thinking", thinking: "hm" }] },
    [{ type: "reasoning", content: "hm" }],
  ],
  [
    "a refusal",
    { role: "assistant", content: [{ type: "refusal", refusal: "no" }] },
    [{ type: "refusal", content: "no" }],
  ],
  [
    "sound",
    { role: "user", content: [{ type: "input_audio", input_audio: { data, format: "wav" } }] },
    [{ type: "blob", modality: "audio", mime_type: "audio/wav", size_bytes: 30 }],
  ],
  [
    "a file by its id",
    { role: "user", content: [{ type: "file", file: { file_id: "file_1" } }] },
    [{ type: "file", modality: "document", file_id: "file_1" }],
  ],
  [
    "an image as Anthropic has it",
    {
      role: "user",
      content: [{ type: "image", source: { type: "base64", media_type: "image/webp", data } }],
    },
    [{ type: "blob", modality: "image", mime_type: "image/webp", size_bytes: 30 }],
  ],
  [
    "an address with a password and a query",
    {
      role: "user",
      content: [
        { type: "document", source: { type: "url", url: "https://me:pass@files.example/a.pdf?key=1#2" } },
      ],
    },
    [{ type: "uri", modality: "document", uri: "https://files.example/a.pdf" }],
  ],
  [
    "images as Ollama has them",
    { role: "user", content: "what", images: [data] },
    [text("what"), { type: "blob", modality: "image", size_bytes: 30 }],
  ],
  [
    "a call of a tool as Anthropic has it",
    { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "look", input: { at: 1 } }] },
    [{ type: "tool_call", id: "t1", name: "look", arguments: { at: 1 } }],
  ],
  [
    "a call of a tool as Ollama has it",
    { role: "assistant", content: "", tool_calls: [{ function: { name: "look", arguments: { at: 1 } } }] },
    [{ type: "tool_call", name: "look", arguments: { at: 1 } }],
  ],
  [
    "arguments that are no JSON",
    { role: "assistant", tool_calls: [{ id: "c", function: { name: "look", arguments: "{at" } }] },
    [{ type: "tool_call", id: "c", name: "look", arguments: "{at" }],
  ],
  [
    "a call of a tool that takes a text",
    { role: "assistant", tool_calls: [{ id: "c", type: "custom", custom: { name: "sh", input: "ls" } }] },
    [{ type: "tool_call", id: "c", name: "sh", arguments: "ls" }],
  ],
  [
    "what a tool answered, as Anthropic has it",
    {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "sun" }] }],
    },
    [{ type: "tool_call_response", id: "t1", response: "sun" }],
  ],
  [
    "what a tool answered with an image",
    {
      role: "user",
      content: [
        {
          type: "tool_result",
          tool_use_id: "t1",
          content: [{ type: "image", source: { type: "base64", media_type: "image/png", data } }],
        },
      ],
    },
    [
      {
        type: "tool_call_response",
        id: "t1",
        response: [{ type: "blob", modality: "image", mime_type: "image/png", size_bytes: 30 }],
      },
    ],
  ],
  [
    "what a tool answered, as Ollama has it",
    { role: "tool", tool_name: "look", content: "sun" },
    [{ type: "tool_call_response", id: "look", response: "sun" }],
  ],
  [
    "what is not known",
    { role: "user", content: [{ type: "hologram", secret: "x" }] },
    [{ type: "hologram" }],
  ],
];

describe("what a model was asked", () => {
  test.each(messages)("in a message with %s", (_what, message, parts) => {
    expect(readInput({ messages: [message] })).toEqual({
      system: [],
      messages: [{ role: message["role"], parts }],
    });
  });

  test.each<readonly [what: string, body: JsonObject, messages: readonly (readonly JsonObject[])[]]>([
    ["a prompt", { prompt: "hi" }, [[text("hi")]]],
    ["prompts", { prompt: ["hi", "ho"] }, [[text("hi")], [text("ho")]]],
    ["tokens", { input: [1, 2, 3] }, [[{ type: "tokens", count: 3 }]]],
    [
      "tokens of several texts",
      { input: [[1], [2, 3]] },
      [[{ type: "tokens", count: 1 }], [{ type: "tokens", count: 2 }]],
    ],
    [
      "a prompt with an image",
      { prompt: "what", images: [data] },
      [[text("what"), { type: "blob", modality: "image", size_bytes: 30 }]],
    ],
    ["nothing", {}, []],
  ])("by %s", (_what, body, parts) => {
    expect(readInput(body).messages).toEqual(parts.map((each) => ({ role: "user", parts: each })));
  });

  test("with instructions that stand beside it", () => {
    expect(readInput({ system: [{ type: "text", text: "Be short." }], messages: [] }).system).toEqual([
      text("Be short."),
    ]);
  });
});

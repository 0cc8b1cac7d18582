import type { JsonObject, ModelEvent } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { createAnthropicCodec } from "./anthropic-wire.ts";

const codec = createAnthropicCodec({
  defaultMaxTokens: 500,
  thinkingFormOf: (model) => (model === "newer" ? "adaptive" : "budget"),
});
const user = { role: "user", content: "Hi" };

function encode(request: JsonObject, model = "older"): JsonObject {
  const input = {
    operation: "chat",
    request: { messages: [user], ...request },
    model,
    stream: false,
  } as const;
  return JSON.parse(Buffer.from(codec.encodeRequest(input)).toString("utf8"));
}

function decode(text: string, stream = true): readonly ModelEvent[] {
  const decoder = codec.createReplyDecoder({ operation: "chat", stream, estimatedInputTokens: 1 });
  return [...decoder.push(Buffer.from(text)), ...decoder.end()];
}

const frame = (data: JsonObject) => `event: ${String(data.type)}\ndata: ${JSON.stringify(data)}\n\n`;

describe("a chat for Anthropic", () => {
  it("has a bound, also where the caller names none, and the smaller where two are named", () => {
    expect(encode({})).toEqual({ model: "older", max_tokens: 500, messages: [user] });
    expect(encode({ max_tokens: 9, max_completion_tokens: 5 }).max_tokens).toBe(5);
  });

  it("makes one turn of what one side says, and takes out what the system says", () => {
    const messages = [
      { role: "developer", content: "a" },
      user,
      { role: "user", content: "there" },
      { role: "assistant", content: "x", reasoning_content: "hm" },
      { role: "system", content: [{ type: "text", text: "b" }] },
    ];
    expect(encode({ messages })).toMatchObject({
      system: "a\nb",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Hi" },
            { type: "text", text: "there" },
          ],
        },
        { role: "assistant", content: "x" },
      ],
    });
  });

  it.each<[string, string, JsonObject, JsonObject]>([
    ["newer", "high", {}, { thinking: { type: "adaptive" }, output_config: { effort: "high" } }],
    ["older", "high", { max_tokens: 50_000 }, { thinking: { type: "enabled", budget_tokens: 24_576 } }],
    ["older", "high", { max_tokens: 2_000 }, { thinking: { type: "enabled", budget_tokens: 1_999 } }],
  ])("tells a %s model to think with the effort %s and %j", (model, effort, more, said) => {
    expect(encode({ reasoning_effort: effort, ...more }, model)).toMatchObject(said);
  });

  it("asks for no thoughts while a tool's result is answered: those before it would have to come back signed", () => {
    const messages = [
      user,
      {
        role: "assistant",
        tool_calls: [{ id: "call:1", type: "function", function: { name: "look", arguments: "" } }],
      },
      { role: "tool", tool_call_id: "call:1", content: "seen" },
    ];
    const encoded = encode({ messages, reasoning_effort: "high" });
    expect(encoded.thinking).toBeUndefined();
    expect(encoded.messages).toEqual([
      user,
      { role: "assistant", content: [{ type: "tool_use", id: "call_1", name: "look", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "seen" }] },
    ]);
  });

  it.each<[JsonObject, string]>([
    [{ n: 2 }, "n"],
    [{ seed: 1 }, "seed"],
    [{ temperature: 1.5 }, "temperature"],
    [{ logprobs: true }, "logprobs"],
    [{ response_format: { type: "json_object" } }, "response_format.type"],
    [{ reasoning_effort: "high", max_tokens: 1_024 }, "reasoning_effort"],
    [{ web_search_options: {} }, "web_search_options"],
    [{ messages: [{ role: "function", content: "a" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: [{ type: "input_audio" }] }] }, "messages[0].content[0].type"],
  ])("refuses %j", (request, field) => {
    expect(() => encode(request)).toThrow(expect.objectContaining({ code: "unsupported_parameter", field }));
  });
});

describe("a reply of Anthropic", () => {
  it("counts what came from a cache as part of the prompt, and knows the prompt before the end", () => {
    const usage = {
      input_tokens: 3,
      cache_read_input_tokens: 5,
      cache_creation_input_tokens: 7,
      output_tokens: 1,
    };
    const start = frame({ type: "message_start", message: { usage } });
    const known = { inputTokens: 15, cacheReadTokens: 5, cacheWriteTokens: 7 };
    expect(decode(start)).toEqual([{ type: "usage", usage: known }]);
    const details = { output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } };
    const end = frame({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: details });
    expect(decode(start + end).at(-1)).toEqual({
      type: "usage",
      usage: { ...known, outputTokens: 9, reasoningTokens: 4 },
    });
  });

  it.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "tool_calls"],
    ["refusal", "content_filter"],
  ])("that ends with %s has ended with %s", (word, reason) => {
    const events = decode(frame({ type: "message_delta", delta: { stop_reason: word } }));
    expect(events).toEqual([{ type: "finish", choice: 0, reason }]);
  });

  it.each([
    ["overloaded_error", "overloaded"],
    ["rate_limit_error", "rate_limited"],
    ["authentication_error", "upstream_auth"],
    ["api_error", "upstream_error"],
    ["unheard_of", "upstream_error"],
  ])("that fails with %s has failed with %s, and says no more of it", (type, code) => {
    const failed = frame({ type: "error", error: { type, message: "sk-ant-secret" } });
    const events = decode(failed + frame({ type: "message_stop" }));
    expect(events).toEqual([{ type: "error", error: expect.objectContaining({ code }) }]);
    expect(JSON.stringify(events)).not.toContain("secret");
  });

  it("has an event for a block that no other server knows, which is progress and no text", () => {
    const block = { type: "server_tool_use", id: "a", name: "web_search", input: {} };
    expect(decode(frame({ type: "content_block_start", index: 0, content_block: block }))).toEqual([
      { type: "delta", choice: 0 },
    ]);
  });

  it.each([
    ["without content", "{}"],
    ["that is no JSON", "<html>"],
    ["with a tool call that has no name", '{"content":[{"type":"tool_use","id":"a"}]}'],
  ])("in one piece %s is refused", (_what, text) => {
    expect(() => decode(text, false)).toThrow(expect.objectContaining({ code: "upstream_malformed" }));
  });
});

import type { JsonObject } from "@llm-platform/kit";
import { describe, expect, it } from "vitest";
import { decodeAnthropicRequest } from "./decode-request.ts";

const hello = { role: "user", content: "Hello" };
const base: JsonObject = { model: "tiny", max_tokens: 100, messages: [hello] };
const decode = (more: JsonObject = {}) => decodeAnthropicRequest("chat", { ...base, ...more });
const tool = { name: "look", input_schema: { type: "object" } };

describe("a request of the Messages API in OpenAI's shape", () => {
  it("says the model, the messages and the bound, and nothing else", () => {
    expect(decode()).toEqual({ model: "tiny", messages: [hello], max_tokens: 100 });
  });

  it.each<[string, JsonObject, JsonObject]>([
    [
      "a system prompt of blocks",
      {
        system: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      {
        messages: [{ role: "system", content: "a\nb" }, hello],
      },
    ],
    [
      "what the system says later",
      { messages: [hello, { role: "system", content: "now" }] },
      {
        messages: [hello, { role: "system", content: "now" }],
      },
    ],
    ["stop sequences", { stop_sequences: ["a"] }, { stop: ["a"] }],
    ["sampling", { temperature: 0, top_p: 0.5, top_k: 7 }, { temperature: 0, top_p: 0.5, top_k: 7 }],
    ["a user", { metadata: { user_id: "u" } }, { user: "u" }],
    ["little thought", { thinking: { type: "enabled", budget_tokens: 1_024 } }, { reasoning_effort: "low" }],
    ["much thought", { thinking: { type: "enabled", budget_tokens: 30_000 } }, { reasoning_effort: "high" }],
    [
      "an effort",
      { thinking: { type: "adaptive" }, output_config: { effort: "max" } },
      { reasoning_effort: "max" },
    ],
    ["the effort that is usual", { thinking: { type: "adaptive" }, output_config: { effort: "high" } }, {}],
    ["an effort without thoughts", { output_config: { effort: "low" } }, {}],
    [
      "an effort where thoughts are off",
      { thinking: { type: "disabled" }, output_config: { effort: "max" } },
      {},
    ],
    [
      "an effort beside a number of tokens",
      { thinking: { type: "enabled", budget_tokens: 1_024 }, output_config: { effort: "medium" } },
      { reasoning_effort: "medium" },
    ],
    [
      "a schema",
      { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "reply", strict: true, schema: { type: "object" } },
        },
      },
    ],
    [
      "one of the tools",
      { tools: [tool], tool_choice: { type: "any", disable_parallel_tool_use: true } },
      {
        tools: [{ type: "function", function: { name: "look", parameters: { type: "object" } } }],
        tool_choice: "required",
        parallel_tool_calls: false,
      },
    ],
  ])("says %s", (_what, asked, said) => {
    expect(decode(asked)).toMatchObject(said);
  });

  it("puts results of tools before what else the user says, and images in them behind all results", () => {
    const image = { type: "image", source: { type: "url", url: "https://example.com/a.png" } };
    const content = [
      { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "seen" }, image] },
      { type: "tool_result", tool_use_id: "b", content: "no", is_error: true },
      { type: "text", text: "And?" },
    ];
    expect(decode({ messages: [{ role: "user", content }] }).messages).toEqual([
      { role: "tool", tool_call_id: "a", content: "seen" },
      { role: "tool", tool_call_id: "b", content: "Error: no" },
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: "https://example.com/a.png" } },
          { type: "text", text: "And?" },
        ],
      },
    ]);
  });

  it("takes what changes nothing: cache marks, thoughts that were redacted, and that all is kept", () => {
    const content = [
      { type: "thinking", thinking: "hm", signature: "x" },
      { type: "redacted_thinking", data: "y" },
      { type: "text", text: "a", cache_control: { type: "ephemeral" } },
    ];
    expect(
      decode({
        messages: [hello, { role: "assistant", content }],
        cache_control: { type: "ephemeral" },
        context_management: { edits: [{ type: "clear_thinking_20251015", keep: "all" }] },
        thinking: { type: "disabled" },
        metadata: null,
      }),
    ).toEqual({
      model: "tiny",
      max_tokens: 100,
      messages: [hello, { role: "assistant", content: "a", reasoning_content: "hm" }],
    });
  });

  it.each<[JsonObject, string]>([
    [{ container: "c" }, "container"],
    [{ mcp_servers: [] }, "mcp_servers"],
    [{ speed: "fast" }, "speed"],
    [{ unheard_of: 1 }, "unheard_of"],
    [{ context_management: { edits: [{ type: "compact_20260112" }] } }, "context_management"],
    [{ tools: [tool, { type: "web_search_20250305", name: "web_search" }] }, "tools[1].type"],
    [{ tools: [{ ...tool, defer_loading: true }] }, "tools[0].defer_loading"],
    [{ thinking: { type: "disabled", more: 1 } }, "thinking.more"],
    [{ system: [{ type: "image", source: { type: "url", url: "https://a/b" } }] }, "system"],
    [{ messages: [{ role: "user", content: [{ type: "search_result" }] }] }, "messages[0].content[0].type"],
    [
      { messages: [{ role: "user", content: [{ type: "image", source: { type: "file", file_id: "f" } }] }] },
      "messages[0].content[0].source.type",
    ],
    [
      { messages: [hello, { role: "assistant", content: [{ type: "server_tool_use" }] }] },
      "messages[1].content[0].type",
    ],
  ])("refuses %j, which cannot be said", (asked, field) => {
    expect(() => decode(asked)).toThrow(expect.objectContaining({ code: "unsupported_parameter", field }));
  });

  it.each<[JsonObject, string]>([
    [{ max_tokens: 0 }, "max_tokens"],
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "tool", content: "a" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: [{ type: "text" }] }] }, "messages[0].content[0].text"],
    [
      { messages: [{ role: "user", content: [{ type: "tool_result" }] }] },
      "messages[0].content[0].tool_use_id",
    ],
    [
      {
        messages: [
          {
            role: "user",
            content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "?" } }],
          },
        ],
      },
      "messages[0].content[0].source.data",
    ],
    [{ stop_sequences: "a" }, "stop_sequences"],
    [{ temperature: "hot" }, "temperature"],
    [{ thinking: { type: "enabled" } }, "thinking.budget_tokens"],
    [{ tool_choice: { type: "tool" } }, "tool_choice.name"],
    [{ tools: [{ name: "look" }] }, "tools[0].input_schema"],
  ])("refuses %j, which is right nowhere", (asked, field) => {
    expect(() => decode(asked)).toThrow(expect.objectContaining({ code: "invalid_request", field }));
  });
});

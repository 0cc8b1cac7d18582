import type { JsonObject, ModelEvent, Operation } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OpenAiReplyDecoder } from "./openai-decoder.ts";

const frame = (chunk: JsonObject) => `data: ${JSON.stringify(chunk)}\n\n`;
const delta = (part: JsonObject) => frame({ choices: [{ index: 0, delta: part, finish_reason: null }] });
const finish = (reason: string) => frame({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
const done = "data: [DONE]\n\n";

function readStream(pieces: readonly Uint8Array[], operation: Operation = "chat"): readonly ModelEvent[] {
  const decoder = new OpenAiReplyDecoder({ operation, stream: true });
  return [...pieces.flatMap((piece) => decoder.push(piece)), ...decoder.end()];
}

const readText = (text: string, operation?: Operation) => readStream([Buffer.from(text)], operation);

function readWhole(reply: unknown, operation: Operation): readonly ModelEvent[] {
  const decoder = new OpenAiReplyDecoder({ operation, stream: false });
  return [...decoder.push(Buffer.from(JSON.stringify(reply))), ...decoder.end()];
}

const parallelCalls = [
  { role: "assistant", content: null },
  { tool_calls: [{ index: 0, id: "call_a", type: "function", function: { name: "look", arguments: "" } }] },
  { tool_calls: [{ index: 0, function: { arguments: '{"at":"Ö' } }] },
  { tool_calls: [{ index: 0, function: { arguments: 'rebro"}' } }] },
  { tool_calls: [{ index: 1, id: "call_b", function: { name: "go", arguments: "{}" } }] },
];

describe("a stream in the OpenAI dialect", () => {
  it("gives text, reasoning, refusal, its end and its usage", () => {
    const events = readText(
      delta({ role: "assistant", content: "" }) +
        delta({ reasoning_content: "hm" }) +
        delta({ content: "Hej" }) +
        delta({ refusal: "no" }) +
        finish("length") +
        frame({
          choices: [],
          usage: {
            prompt_tokens: 9,
            completion_tokens: 4,
            prompt_tokens_details: { cached_tokens: 5 },
            completion_tokens_details: { reasoning_tokens: 1 },
          },
        }) +
        done,
    );
    expect(events).toEqual([
      { type: "delta", choice: 0, reasoning: "hm" },
      { type: "delta", choice: 0, content: "Hej" },
      { type: "delta", choice: 0, refusal: "no" },
      { type: "finish", choice: 0, reason: "length" },
      {
        type: "usage",
        usage: { inputTokens: 9, outputTokens: 4, cacheReadTokens: 5, reasoningTokens: 1 },
      },
      { type: "end" },
    ]);
  });

  it("gives parallel tool calls in their fragments", () => {
    expect(readText(parallelCalls.map(delta).join("") + finish("tool_calls") + done)).toEqual([
      { type: "delta", choice: 0, toolCalls: [{ index: 0, id: "call_a", name: "look" }] },
      { type: "delta", choice: 0, toolCalls: [{ index: 0, argumentsText: '{"at":"Ö' }] },
      { type: "delta", choice: 0, toolCalls: [{ index: 0, argumentsText: 'rebro"}' }] },
      { type: "delta", choice: 0, toolCalls: [{ index: 1, id: "call_b", name: "go", argumentsText: "{}" }] },
      { type: "finish", choice: 0, reason: "tool_calls" },
      { type: "end" },
    ]);
  });

  it("gives the text of completions", () => {
    const text = frame({ choices: [{ index: 1, text: "a", logprobs: null, finish_reason: "stop" }] });
    expect(readText(text + done, "completion")).toEqual([
      { type: "delta", choice: 1, content: "a" },
      { type: "finish", choice: 1, reason: "stop" },
      { type: "end" },
    ]);
  });

  it("gives the same events however the bytes are cut", () => {
    const bytes = Buffer.from(
      `\ufeff: ping\r\n\r\nevent: message\nid: 3\n${parallelCalls.map(delta).join("")}${delta({ content: "héllo 🙂" })}` +
        `data: {"choices":\r\ndata: [{"index":0,"delta":{"content":"two lines"}}]}\r\n\r\n${finish("stop")}${done}`,
    );
    const whole = readStream([bytes]);
    expect(whole).toHaveLength(8);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length - 1 })), (cuts) => {
        const points = [...new Set(cuts)].sort((left, right) => left - right);
        const pieces = [0, ...points].map((from, at) => bytes.subarray(from, points[at] ?? bytes.length));
        expect(readStream(pieces)).toEqual(whole);
      }),
    );
  });

  it("invents no end for a stream that breaks off", () => {
    expect(readText(delta({ content: "Hej" }) + finish("stop").slice(0, -4))).toEqual([
      { type: "delta", choice: 0, content: "Hej" },
    ]);
  });

  it("gives an error, and nothing behind it", () => {
    const events = readText(
      frame({ error: { message: "secret of sk-1", code: "boom" } }) + finish("stop") + done,
    );
    expect(events).toEqual([{ type: "error", error: expect.objectContaining({ code: "upstream_error" }) }]);
    expect(JSON.stringify(events)).not.toContain("sk-1");
  });

  it.each([
    ["a page of HTML", "<html>\n"],
    ["data that is no JSON", "data: {\n\n"],
    ["data that is no object", "data: [1]\n\n"],
    ["a choice that is no object", frame({ choices: ["a"] })],
    ["a line without end", `data: ${"a".repeat(1024 * 1024)}`],
    ["an event without end", "data: a\n".repeat(2_200_000)],
    ["bytes that are no UTF-8", Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a])],
  ])("refuses %s", (_what, stream) => {
    expect(() => readStream([Buffer.from(stream)])).toThrow(
      expect.objectContaining({ code: "upstream_malformed", isRetryable: true }),
    );
  });
});

describe("a whole reply in the OpenAI dialect", () => {
  it("gives what a stream of it gives", () => {
    const message = {
      role: "assistant",
      content: "Hej",
      reasoning_content: "hm",
      refusal: null,
      tool_calls: [
        { id: "call_a", type: "function", function: { name: "look", arguments: '{"at":1}' } },
        { id: "call_b", type: "function", function: { name: "go", arguments: "{}" } },
      ],
    };
    const usage = { prompt_tokens: 3, completion_tokens: 2 };
    expect(
      readWhole({ choices: [{ index: 0, message, finish_reason: "tool_calls" }], usage }, "chat"),
    ).toEqual([
      {
        type: "delta",
        choice: 0,
        content: "Hej",
        reasoning: "hm",
        toolCalls: [
          { index: 0, id: "call_a", name: "look", argumentsText: '{"at":1}' },
          { index: 1, id: "call_b", name: "go", argumentsText: "{}" },
        ],
      },
      { type: "finish", choice: 0, reason: "tool_calls" },
      { type: "usage", usage: { inputTokens: 3, outputTokens: 2 } },
      { type: "end" },
    ]);
  });

  it("gives embeddings, as numbers or in base64", () => {
    const bytes = Buffer.alloc(8);
    bytes.writeFloatLE(0.5, 0);
    bytes.writeFloatLE(-2, 4);
    const data = [
      { index: 1, embedding: [1, 2] },
      { index: 0, embedding: bytes.toString("base64") },
    ];
    expect(readWhole({ data, usage: { prompt_tokens: 4, total_tokens: 4 } }, "embedding")).toEqual([
      { type: "embedding", index: 1, vector: [1, 2] },
      { type: "embedding", index: 0, vector: [0.5, -2] },
      { type: "usage", usage: { inputTokens: 4 } },
      { type: "end" },
    ]);
  });

  it("invents no end for a choice that names none", () => {
    expect(readWhole({ choices: [{ message: { content: "a" } }] }, "chat")).toEqual([
      { type: "delta", choice: 0, content: "a" },
      { type: "end" },
    ]);
  });

  it.each([
    ["without choices", {}, "chat"],
    ["that is no object", [], "chat"],
    ["without data", { choices: [] }, "embedding"],
    ["with a vector of texts", { data: [{ embedding: ["a"] }] }, "embedding"],
    ["with a vector of broken base64", { data: [{ embedding: "AAA" }] }, "embedding"],
  ] as const)("refuses a reply %s", (_what, reply, operation) => {
    expect(() => readWhole(reply, operation)).toThrow(
      expect.objectContaining({ code: "upstream_malformed" }),
    );
  });
});

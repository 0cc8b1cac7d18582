import {
  type Json,
  type JsonObject,
  maxStreamLineBytes,
  type ModelEvent,
  type Operation,
} from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOllamaDecoder } from "./decode-reply.ts";

interface Reading {
  readonly operation?: Operation;
  readonly stream?: boolean;
  readonly estimatedInputTokens?: number;
  readonly windowTokens?: number;
}

function decode(chunks: readonly Uint8Array[], reading: Reading = {}): readonly ModelEvent[] {
  const decoder = createOllamaDecoder({
    operation: reading.operation ?? "chat",
    stream: reading.stream ?? true,
    estimatedInputTokens: reading.estimatedInputTokens ?? 1,
    windowTokensOf: () => reading.windowTokens,
  });
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ndjson = (...lines: readonly JsonObject[]): Uint8Array =>
  bytes(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
const at = { model: "m:latest", created_at: "2026-11-23T06:20:48.463190721Z" };
const say = (message: JsonObject): JsonObject => ({
  ...at,
  message: { role: "assistant", ...message },
  done: false,
});
const done = (extra: JsonObject = {}): JsonObject => ({
  ...at,
  message: { role: "assistant", content: "" },
  done: true,
  done_reason: "stop",
  prompt_eval_count: 21,
  eval_count: 16,
  ...extra,
});
const end = { type: "end" };
const usage = { type: "usage", usage: { inputTokens: 21, outputTokens: 16 } };
const finish = (reason: string): object => ({ type: "finish", choice: 0, reason });

describe("a stream", () => {
  test("brings thinking, then text, then how it ended and what it cost", () => {
    const reply = ndjson(say({ content: "", thinking: "Hm." }), say({ content: "Héllo" }), done());
    expect(decode([reply])).toEqual([
      { type: "delta", choice: 0, reasoning: "Hm." },
      { type: "delta", choice: 0, content: "Héllo" },
      finish("stop"),
      usage,
      end,
    ]);
  });

  test("gives the same events however its bytes are cut", () => {
    const call = { function: { name: "f", arguments: { city: "Zürich", emoji: "🌍" } } };
    const reply = ndjson(
      say({ content: "Grüße 🌍 " }),
      say({ content: "\n\u2028" }),
      say({ content: "", tool_calls: [call] }),
      done(),
    );
    const whole = decode([reply]);
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: reply.byteLength }), { maxLength: 30 });
    fc.assert(
      fc.property(cuts, (places) => {
        const edges = [0, ...places.toSorted((a, b) => a - b), reply.byteLength];
        const pieces = edges.slice(1).map((edge, index) => reply.slice(edges[index], edge));
        expect(decode(pieces)).toEqual(whole);
      }),
    );
  });

  test("never throws anything but upstream_malformed, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), fc.boolean(), (chunks, stream) => {
        try {
          decode(chunks, { stream });
        } catch (error) {
          expect(error).toMatchObject({ code: "upstream_malformed" });
        }
      }),
    );
  });

  test("reads a last line without a newline", () => {
    const reply = JSON.stringify(done());
    expect(decode([bytes(reply)])).toEqual([finish("stop"), usage, end]);
  });

  test("gives no end when it is cut off, between lines or within one", () => {
    const text = `${JSON.stringify(say({ content: "Hi" }))}\n`;
    const delta = { type: "delta", choice: 0, content: "Hi" };
    expect(decode([bytes(text)])).toEqual([delta]);
    expect(decode([bytes(`${text}{"model":"m","mess`)])).toEqual([delta]);
    expect(decode([])).toEqual([]);
  });

  test("says nothing after its end", () => {
    expect(decode([ndjson(done(), say({ content: "more" }), done())])).toEqual([finish("stop"), usage, end]);
  });

  test.each<[JsonObject, object]>([
    [{ done_reason: "length" }, finish("length")],
    [{ done_reason: "load" }, finish("stop")],
    [{ done_reason: "unload" }, finish("stop")],
    [{ done_reason: "" }, finish("stop")],
  ])("ends with %j as %j", (extra, expected) => {
    expect(decode([ndjson(done(extra))])[0]).toEqual(expected);
  });

  test("does not make a stop of an end that it does not know", () => {
    expect(decode([ndjson(done({ done_reason: "bored" }))])).toEqual([
      { type: "error", error: expect.objectContaining({ code: "upstream_malformed" }) },
    ]);
  });

  test("reports no usage where the server reports none", () => {
    const last: Record<string, Json> = { ...done() };
    delete last.prompt_eval_count;
    delete last.eval_count;
    expect(decode([ndjson(last)])).toEqual([finish("stop"), end]);
  });
});

describe("tool calls", () => {
  const call = (name: string, extra: JsonObject = {}): JsonObject => ({
    ...extra,
    function: { name, arguments: { a: 1 } },
  });

  test("are numbered over all lines, and change the reason of the end", () => {
    const reply = ndjson(
      say({ content: "", tool_calls: [call("f"), call("g", { id: "call_own" })] }),
      say({ content: "", tool_calls: [call("h")] }),
      done(),
    );
    const [first, second, last] = decode([reply]);
    expect(first).toMatchObject({
      toolCalls: [
        { index: 0, name: "f", argumentsText: '{"a":1}', id: expect.stringMatching(/^call_[0-9a-z]+_0$/) },
        { index: 1, name: "g", argumentsText: '{"a":1}', id: "call_own" },
      ],
    });
    expect(second).toMatchObject({ toolCalls: [{ index: 2, name: "h", id: expect.stringMatching(/_2$/) }] });
    expect(last).toEqual(finish("tool_calls"));
  });

  test("that were cut off by the token limit end as length", () => {
    const reply = ndjson(say({ content: "", tool_calls: [call("f")] }), done({ done_reason: "length" }));
    expect(decode([reply])[1]).toEqual(finish("length"));
  });

  test("have the same id for the same bytes, and another in another turn", () => {
    const idOf = (created: string): unknown =>
      decode([ndjson({ ...say({ content: "", tool_calls: [call("f")] }), created_at: created })])[0];
    expect(idOf(at.created_at)).toEqual(idOf(at.created_at));
    expect(idOf(at.created_at)).not.toEqual(idOf("2026-11-23T06:20:49.463190721Z"));
  });

  test("nested without measure are malformed", () => {
    const line = `{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"a":${"[".repeat(9_000)}${"]".repeat(9_000)}}}}]},"done":false}\n`;
    expect(() => decode([bytes(line)])).toThrow(expect.objectContaining({ code: "upstream_malformed" }));
  });
});

test("log probabilities come in OpenAI's shape", () => {
  const logprobs = [{ token: "é", logprob: -0.1, top_logprobs: [{ token: "e", logprob: -2, bytes: [101] }] }];
  expect(decode([ndjson({ ...say({ content: "é" }), logprobs })])[0]).toMatchObject({
    logprobs: {
      content: [
        {
          token: "é",
          logprob: -0.1,
          bytes: [195, 169],
          top_logprobs: [{ token: "e", logprob: -2, bytes: [101] }],
        },
      ],
      refusal: null,
    },
  });
});

test("a reply in one piece gives the same events as its stream", () => {
  const whole = bytes(JSON.stringify(done({ message: { role: "assistant", content: "Hi" } })));
  const expected = [{ type: "delta", choice: 0, content: "Hi" }, finish("stop"), usage, end];
  expect(decode([whole.slice(0, 9), whole.slice(9)], { stream: false })).toEqual(expected);
});

test("a completion brings its text", () => {
  const line = {
    ...at,
    response: "Paris",
    done: true,
    done_reason: "stop",
    prompt_eval_count: 21,
    eval_count: 16,
  };
  expect(
    decode([ndjson({ ...at, response: "in ", done: false }, line)], { operation: "completion" }),
  ).toEqual([
    { type: "delta", choice: 0, content: "in " },
    { type: "delta", choice: 0, content: "Paris" },
    finish("stop"),
    usage,
    end,
  ]);
});

test("embeddings bring one vector each", () => {
  const answer = {
    model: "m",
    embeddings: [
      [0.5, -1],
      [1, 0],
    ],
    prompt_eval_count: 4,
  };
  expect(decode([bytes(JSON.stringify(answer))], { operation: "embedding", stream: false })).toEqual([
    { type: "embedding", index: 0, vector: [0.5, -1] },
    { type: "embedding", index: 1, vector: [1, 0] },
    { type: "usage", usage: { inputTokens: 4 } },
    end,
  ]);
});

test.each<[string, string]>([
  ["model 'x' not found", "model_not_found"],
  ["the input length exceeds the context length", "context_length_exceeded"],
  ["server busy, please try again. maximum pending requests exceeded", "overloaded"],
  ["model requires more system memory (9.1 GiB) than is available", "unavailable"],
  ["registry.ollama.ai/library/tiny does not support tools", "invalid_request"],
  ["an unknown error was encountered while running the model /home/ann/.ollama sk-secret", "upstream_error"],
])("the error %j becomes %s, without its text", (text, code) => {
  const [delta, event, ...rest] = decode([ndjson(say({ content: "Hi" }), { error: text }, done())]);
  expect(delta).toMatchObject({ content: "Hi" });
  expect(event).toMatchObject({ type: "error", error: { code } });
  expect(JSON.stringify(event?.type === "error" && event.error.message)).not.toContain(text.slice(0, 20));
  expect(rest).toEqual([]);
});

test.each<[string, string, Reading]>([
  ["an HTML page", "<html>\n<body>Bad gateway</body></html>", {}],
  ["an HTML page in one line", "<html>", {}],
  ["a page in place of a whole reply", "<html>", { stream: false }],
  ["nothing in place of a whole reply", "", { stream: false }],
  ["a list", "[1]\n", {}],
  ["another JSON", '{"hello":1}\n', {}],
  ["a completion in place of a chat", '{"response":"Hi","done":false}\n', {}],
  ["embeddings that are no numbers", '{"embeddings":[["a"]]}', { operation: "embedding" }],
  ["no embeddings", '{"model":"m"}', { operation: "embedding" }],
])("%s is malformed", (_name, text, reading) => {
  expect(() => decode([bytes(text)], reading)).toThrow(
    expect.objectContaining({ code: "upstream_malformed" }),
  );
});

test("a line past its bound is malformed before it ends", () => {
  const piece = new Uint8Array(64 * 1024).fill(0x20);
  const pieces = Array.from({ length: maxStreamLineBytes / piece.byteLength + 1 }, () => piece);
  expect(() => decode(pieces)).toThrow(expect.objectContaining({ code: "upstream_malformed" }));
  expect(() => decode(pieces.slice(1))).not.toThrow();
});

test("bytes that are not UTF-8 are malformed", () => {
  const cut = Uint8Array.of(0x7b, 0xff, 0x7d, 0x0a);
  expect(() => decode([cut])).toThrow(expect.objectContaining({ code: "upstream_malformed" }));
  expect(() => decode([cut], { stream: false })).toThrow(
    expect.objectContaining({ code: "upstream_malformed" }),
  );
});

test("a prompt that was cut is warned of, before the end", () => {
  const events = decode([ndjson(done({ prompt_eval_count: 2050 }))], {
    estimatedInputTokens: 9_000,
    windowTokens: 4_096,
  });
  expect(events.map(({ type }) => type)).toEqual(["finish", "usage", "warning", "end"]);
});

import type { Codec, JsonObject, ModelEvent } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createOllamaCodec } from "../../packages/integrations/src/ollama/ollama-wire.ts";
import {
  ollamaClientDialect,
  ollamaEmbeddingsDialect,
  ollamaGenerateDialect,
} from "../../packages/server/src/gateway/dialects/ollama/dialect.ts";
import { TranscodingReader } from "../../packages/server/src/gateway/transcoding-reader.ts";
import { conversations } from "./conversations.ts";
import { type Speaker, speakers, toBytes, toClientBody, toEvents, toMeaning } from "./speakers.ts";

const codec: Codec = createOllamaCodec({ serverVersion: () => "0.12.11", windowTokensOf: () => undefined });
const ollama: Speaker = { client: ollamaClientDialect, codec };

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const input = fc.dictionary(word, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), {
  maxKeys: 3,
});
const calls = fc.uniqueArray(fc.record({ id: word, name: word, input }), {
  minLength: 1,
  maxLength: 3,
  selector: ({ id }) => id,
});
const image = fc.constantFrom("iVBORw0KGgo=", "/9j/4AAQ", "R0lGODlh", "UklGRg==");
const kinds: Readonly<Record<string, string>> = {
  iVBOR: "png",
  "/9j/4": "jpeg",
  R0lGO: "gif",
  UklGR: "webp",
};
const user = fc.tuple(text, fc.option(image)).map(([content, shown]) => ({
  role: "user",
  content:
    shown === null
      ? content
      : [
          { type: "text", text: content },
          {
            type: "image_url",
            image_url: { url: `data:image/${kinds[shown.slice(0, 5)] ?? ""};base64,${shown}` },
          },
        ],
}));
const toolTurn = fc.tuple(fc.option(text), calls, text).map(([content, called, result]) => [
  {
    role: "assistant",
    content,
    tool_calls: called.map(({ id, name, input: given }) => ({
      id,
      type: "function",
      function: { name, arguments: JSON.stringify(given) },
    })),
  },
  ...called.map(({ id }) => ({ role: "tool", tool_call_id: id, content: result })),
]);
const answer = fc
  .tuple(text, fc.option(text, { nil: undefined }))
  .map(([content, thought]) => [
    { role: "assistant", content, ...(thought === undefined ? {} : { reasoning_content: thought }) },
  ]);

/** Requests in OpenAI's shape that Ollama can say. */
const request: fc.Arbitrary<JsonObject> = fc
  .record({
    turns: fc.array(fc.tuple(user, fc.oneof(answer, toolTurn)), { maxLength: 3 }),
    last: user,
    options: fc.record(
      {
        temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((value) => value + 0),
        top_p: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
        seed: fc.integer(),
        stop: fc.array(text, { minLength: 1, maxLength: 3 }),
        max_tokens: fc.integer({ min: 1, max: 100_000 }),
        reasoning_effort: fc.constantFrom("none", "low", "medium", "high"),
        response_format: fc.constantFrom(
          { type: "json_object" },
          { type: "json_schema", json_schema: { name: "reply", schema: { type: "object" } } },
        ),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ turns, last, options }) => ({
    model: "tiny",
    messages: [...turns.flatMap(([asked, answered]) => [asked, ...answered]), last],
    ...options,
  }));

/** Replies that Ollama can say: it has one word for every end that the model chose. */
const reply: fc.Arbitrary<readonly ModelEvent[]> = fc
  .record({
    thoughts: fc.array(text, { maxLength: 3 }),
    texts: fc.array(text, { maxLength: 3 }),
    called: fc.option(calls),
    reason: fc.constantFrom("stop", "length", "content_filter"),
    usage: fc.record({ inputTokens: fc.nat({ max: 1e6 }), outputTokens: fc.nat({ max: 1e6 }) }),
  })
  .map(({ thoughts, texts, called, reason, usage }): readonly ModelEvent[] => [
    ...thoughts.map((reasoning): ModelEvent => ({ type: "delta", choice: 0, reasoning })),
    ...texts.map((content): ModelEvent => ({ type: "delta", choice: 0, content })),
    ...(called ?? []).flatMap(({ id, name, input: given }, index): readonly ModelEvent[] => [
      { type: "delta", choice: 0, toolCalls: [{ index, id, name }] },
      { type: "delta", choice: 0, toolCalls: [{ index, argumentsText: JSON.stringify(given) }] },
    ]),
    { type: "finish", choice: 0, reason: called !== null && reason === "stop" ? "tool_calls" : reason },
    { type: "usage", usage },
    { type: "end" },
  ]);

/** What a reply says, without what Ollama has no words for: ids of calls, and counts of nothing. */
function toSaid(events: readonly ModelEvent[]) {
  const { calls: called, usage, ...said } = toMeaning(events);
  return {
    ...said,
    calls: called.map(({ name, input: given }) => ({ name, input: given })),
    inputTokens: usage?.inputTokens ?? 0,
    outputTokens: usage?.outputTokens ?? 0,
  };
}

describe("there and back in the dialect ollama", () => {
  it("a request that a platform is asked, asked by a client, is the same", () => {
    fc.assert(
      fc.property(request, fc.boolean(), (asked, stream) => {
        expect(ollamaClientDialect.decodeRequest("chat", toClientBody(ollama, asked, stream))).toEqual(asked);
      }),
    );
  });

  it("a reply that a client is given, given by a platform, is the same however its bytes are cut", () => {
    fc.assert(
      fc.property(reply, fc.boolean(), fc.array(fc.nat()), (events, stream, cuts) => {
        const bytes = toBytes(ollama, events, { stream });
        const points = [...new Set(cuts.map((cut) => cut % bytes.length))].sort(
          (left, right) => left - right,
        );
        const pieces = [0, ...points].map((from, at) => bytes.subarray(from, points[at] ?? bytes.length));
        expect(toSaid(toEvents(ollama, pieces, stream))).toEqual(toSaid(events));
      }),
    );
  });

  it("lines have the fields of Ollama in its order", () => {
    const events = conversations["tools"]?.events ?? [];
    const lines = toBytes(ollama, events, { stream: true }).toString().trimEnd().split("\n");
    const keys = lines.map((line) => Object.keys(JSON.parse(line)).join());
    expect(keys.at(0)).toBe("model,created_at,message,done");
    expect(keys.at(-1)).toBe("model,created_at,message,done_reason,done,prompt_eval_count,eval_count");
    const whole = toBytes({ ...ollama, client: ollamaGenerateDialect }, events, { stream: false }).toString();
    expect(Object.keys(JSON.parse(whole)).join()).toBe(
      "model,created_at,response,done,done_reason,prompt_eval_count,eval_count",
    );
  });
});

const cases = Object.entries(conversations).map(([name, conversation]) => ({ name, ...conversation }));
/** What Ollama has no field for. */
const unsaid = new Set(["user", "tool_choice"]);
const sayable = (asked: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(asked).filter(([key]) => !unsaid.has(key)));

describe.each(Object.entries(speakers))(
  "a client that speaks ollama, a platform that speaks %s",
  (_name, to) => {
    function encodeFor(asked: JsonObject): unknown {
      const bytes = to.codec.encodeRequest({
        operation: "chat",
        request: asked,
        model: "theirs",
        stream: true,
      });
      return JSON.parse(Buffer.from(bytes).toString("utf8"));
    }

    function pass(bytes: Buffer, stream: boolean) {
      const encoder = ollamaClientDialect.createReplyEncoder({
        operation: "chat",
        stream,
        requestId: "req_2",
        model: "alias",
        request: { model: "alias:latest" },
        nowMs: () => 0,
      });
      const decoder = to.codec.createReplyDecoder({ operation: "chat", stream, estimatedInputTokens: 1 });
      const reader = new TranscodingReader(decoder, encoder);
      const pieces = [reader.push(bytes), reader.finish()].filter((piece) => piece !== undefined);
      if (reader.facts.isComplete(1)) pieces.push(reader.terminalFrames() ?? Buffer.alloc(0));
      return { facts: reader.facts, events: toEvents(ollama, pieces, stream) };
    }

    it.each(cases)("the platform is asked the same: $name", ({ request: asked }) => {
      const decoded = ollamaClientDialect.decodeRequest("chat", toClientBody(ollama, sayable(asked), true));
      expect(encodeFor(decoded)).toEqual(encodeFor(sayable(asked)));
    });

    it.each(cases)("the client is answered the same, streamed and whole: $name", ({ events }) => {
      for (const stream of [true, false])
        expect(toSaid(pass(toBytes(to, events, { stream }), stream).events)).toEqual(toSaid(events));
    });

    it.each(cases.filter(({ events }) => events.length > 3))(
      "a stream that is cut has no end: $name",
      ({ events }) => {
        const begun = events.filter(({ type }) => type === "delta");
        const { facts, events: read } = pass(toBytes(to, begun, { stream: true, isCut: true }), true);
        expect(facts.isComplete(1)).toBe(false);
        expect(toMeaning(read)).toMatchObject({ isEnded: false, finish: undefined });
      },
    );
  },
);

describe("what else Ollama's clients say", () => {
  const chat = (body: JsonObject) => ollamaClientDialect.decodeRequest("chat", { model: "m", ...body });

  it("a prompt is a turn of a chat", () => {
    const body = {
      model: "m",
      prompt: "Hello",
      system: "Be short.",
      images: ["iVBORw0KGgo="],
      format: "json",
    };
    expect(ollamaGenerateDialect.decodeRequest("chat", body)).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "user",
          content: [
            { type: "text", text: "Hello" },
            { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
          ],
        },
      ],
      response_format: { type: "json_object" },
    });
  });

  it("a raw prompt, and one to be filled in, stay prompts", () => {
    const body = { model: "m", prompt: "One,", suffix: "three", raw: true, options: { num_predict: 5 } };
    expect(ollamaClientDialect.decodeRequest("completion", body)).toEqual({
      model: "m",
      prompt: "One,",
      suffix: "three",
      max_tokens: 5,
    });
  });

  it("texts to embed, one or many, the older way too", () => {
    const many = { model: "m", input: ["a", "b"], truncate: true };
    expect(ollamaClientDialect.decodeRequest("embedding", many)).toEqual({ model: "m", input: ["a", "b"] });
    expect(ollamaEmbeddingsDialect.decodeRequest("embedding", { model: "m", prompt: "a" })).toEqual({
      model: "m",
      input: "a",
    });
  });

  it("results of tools without ids answer the calls of their names in order", () => {
    const call = (name: string) => ({ function: { name, arguments: {} } });
    const messages = [
      { role: "assistant", content: "", tool_calls: [call("a"), call("b"), call("a")] },
      { role: "tool", tool_name: "b", content: "1" },
      { role: "tool", tool_name: "a", content: "2" },
      { role: "tool", content: "3" },
    ];
    const [asked, ...answers] = toMessages(chat({ messages }));
    const ids = [0, 1, 2].map((place) => `call_0_${place}`);
    expect(asked).toMatchObject({ tool_calls: ids.map((id) => ({ id })) });
    expect(answers.map((each) => each["tool_call_id"])).toEqual([ids[1], ids[0], ids[2]]);
  });

  it("options of how a model is loaded, and those that change nothing, are left to whoever runs it", () => {
    const options = {
      num_ctx: 8_192,
      num_gpu: 1,
      mirostat: 0,
      num_predict: -1,
      top_k: 40,
      temperature: null,
    };
    const { messages: _same, ...rest } = chat({ messages: [{ role: "user", content: "x" }], options });
    expect(rest).toEqual({ model: "m", top_k: 40 });
  });

  it("calls whose arguments are no object cannot be said", () => {
    const encoder = ollamaClientDialect.createReplyEncoder({
      operation: "chat",
      stream: true,
      requestId: "req_1",
      model: "m",
      request: {},
      nowMs: () => 0,
    });
    encoder.encode({ type: "delta", choice: 0, toolCalls: [{ index: 0, name: "f", argumentsText: "[1]" }] });
    expect(() => encoder.encode({ type: "finish", choice: 0, reason: "tool_calls" })).toThrow(
      expect.objectContaining({ code: "upstream_malformed" }),
    );
  });
});

function toMessages({ messages }: JsonObject): readonly JsonObject[] {
  return Array.isArray(messages) ? messages : [];
}

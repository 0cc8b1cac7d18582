import type { JsonObject, ModelEvent } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { speakers, toBytes, toClientBody, toEvents, toMeaning } from "./speakers.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const input = fc.dictionary(word, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null)), {
  maxKeys: 3,
});
const image = fc.base64String({ minLength: 4, maxLength: 16 }).map((data) => ({
  type: "image_url",
  image_url: { url: `data:image/png;base64,${data}` },
}));
const user = fc.oneof(
  text.map((content) => ({ role: "user", content })),
  fc
    .tuple(text, image)
    .map(([said, shown]) => ({ role: "user", content: [{ type: "text", text: said }, shown] })),
);
const calls = fc.uniqueArray(fc.record({ id: word, name: word, input }), {
  minLength: 1,
  maxLength: 3,
  selector: ({ id }) => id,
});
const answer = text.map((content) => [{ role: "assistant", content }]);
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
const tool = fc.record({ name: word, description: text }).map((described) => ({
  type: "function",
  function: { ...described, parameters: { type: "object", properties: {} } },
}));
const choice = fc.oneof(
  fc.constantFrom("auto", "none", "required"),
  word.map((name) => ({ type: "function", function: { name } })),
);

/** Requests in OpenAI's shape that every dialect can say. */
const request: fc.Arbitrary<JsonObject> = fc
  .record({
    system: fc.option(text, { nil: undefined }),
    turns: fc.array(fc.tuple(user, fc.oneof(answer, toolTurn)), { maxLength: 3 }),
    last: user,
    maxTokens: fc.integer({ min: 1, max: 100_000 }),
    options: fc.record(
      {
        temperature: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
        top_p: fc.double({ min: 0.1, max: 1, noNaN: true }),
        stop: fc.array(text, { minLength: 1, maxLength: 3 }),
        user: text,
        tools: fc.array(tool, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
    toolChoice: fc.option(choice, { nil: undefined }),
  })
  .map(({ system, turns, last, maxTokens, options, toolChoice }) => ({
    model: "tiny",
    messages: [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      ...turns.flatMap(([asked, answered]) => [asked, ...answered]),
      last,
    ],
    max_tokens: maxTokens,
    ...options,
    ...(options.tools === undefined || toolChoice === undefined ? {} : { tool_choice: toolChoice }),
  }));

const usage = fc
  .record({ inputTokens: fc.nat(), outputTokens: fc.nat(), cacheReadTokens: fc.nat(1_000) })
  .map((counts) => ({ ...counts, inputTokens: counts.inputTokens + counts.cacheReadTokens }));

/** Replies that every dialect can say: thoughts, text, calls, and an end. */
const reply: fc.Arbitrary<readonly ModelEvent[]> = fc
  .record({
    thoughts: fc.array(text, { maxLength: 3 }),
    texts: fc.array(text, { maxLength: 3 }),
    called: fc.option(calls),
    reason: fc.constantFrom("stop", "length", "content_filter", "tool_calls"),
    counts: usage,
  })
  .map(({ thoughts, texts, called, reason, counts }): readonly ModelEvent[] => [
    ...thoughts.map((reasoning): ModelEvent => ({ type: "delta", choice: 0, reasoning })),
    ...texts.map((content): ModelEvent => ({ type: "delta", choice: 0, content })),
    ...(called ?? []).flatMap(({ id, name, input: given }, index): readonly ModelEvent[] => [
      { type: "delta", choice: 0, toolCalls: [{ index, id, name }] },
      { type: "delta", choice: 0, toolCalls: [{ index, argumentsText: JSON.stringify(given) }] },
    ]),
    { type: "finish", choice: 0, reason },
    { type: "usage", usage: counts },
    { type: "end" },
  ]);

/** Those that have a word for everything in the requests and replies above. */
const fluent = Object.entries(speakers).filter(([, { sayable }]) => sayable === undefined);

describe.each(fluent)("there and back in the dialect %s", (_name, speaker) => {
  it("a request that a platform is asked, asked by a client, is the same", () => {
    fc.assert(
      fc.property(request, fc.boolean(), (asked, stream) => {
        const decoded = speaker.client.decodeRequest("chat", toClientBody(speaker, asked, stream));
        expect(decoded).toEqual({ ...asked, ...(stream ? { stream } : {}) });
      }),
    );
  });

  it("a whole reply that a client is given, given by a platform, is the same", () => {
    fc.assert(
      fc.property(reply, (events) => {
        const bytes = toBytes(speaker, events, { stream: false });
        expect(toMeaning(toEvents(speaker, [bytes], false))).toMatchObject(toMeaning(events));
      }),
    );
  });

  it("a stream that a client is given, given by a platform, is the same however its bytes are cut", () => {
    fc.assert(
      fc.property(reply, fc.array(fc.nat()), (events, cuts) => {
        const bytes = toBytes(speaker, events, { stream: true });
        const points = [...new Set(cuts.map((cut) => cut % bytes.length))].sort(
          (left, right) => left - right,
        );
        const pieces = [0, ...points].map((from, at) => bytes.subarray(from, points[at] ?? bytes.length));
        const read = toEvents(speaker, pieces, true);
        expect(toMeaning(read)).toMatchObject(toMeaning(events));
        expect(read).toEqual(toEvents(speaker, [bytes], true));
      }),
    );
  });
});

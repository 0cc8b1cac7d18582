import { expect, test } from "vitest";
import { findProblems, noSettings, toRequest } from "./chat-request.ts";
import {
  type Answer,
  openToolCalls,
  startAnswer,
  toAsked,
  tokensPerSecond,
  type Turn,
} from "./conversation.ts";

const said: Turn = { role: "user", text: "Hi", images: [] };
const call = { id: "c1", type: "function", function: { name: "add", arguments: "{}" } } as const;
const answered = (more: Partial<Answer>): Answer => ({ ...startAnswer({}), state: "done", ...more });

test("only what is set is sent", () => {
  expect(toRequest("m", [said], noSettings)).toEqual({
    model: "m",
    messages: [{ role: "user", content: "Hi" }],
  });
});

test("every parameter goes over in the API's own words", () => {
  const settings = {
    system: "Be brief.",
    temperature: "0",
    topP: "0.5",
    maxTokens: "20",
    seed: "7",
    stop: "END\n\n###",
    tools: '[{"type":"function"}]',
    schema: '{"type":"object"}',
  };
  expect(toRequest("m", [said], settings)).toEqual({
    model: "m",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ],
    temperature: 0,
    top_p: 0.5,
    max_tokens: 20,
    seed: 7,
    stop: ["END", "###"],
    tools: [{ type: "function" }],
    response_format: {
      type: "json_schema",
      json_schema: { name: "answer", strict: true, schema: { type: "object" } },
    },
  });
});

test("a conversation goes on with function calls and their results, without answers that never came", () => {
  const turns: readonly Turn[] = [
    { role: "user", text: "See", images: ["data:image/png;base64,AA=="] },
    answered({ toolCalls: [call] }),
    { role: "tool", callId: "c1", text: "4" },
    answered({ text: "Four." }),
    answered({ state: "cut" }),
    said,
  ];
  expect(toRequest("m", turns, noSettings).messages).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "See" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
      ],
    },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "c1", content: "4" },
    { role: "assistant", content: "Four." },
    { role: "user", content: "Hi" },
  ]);
});

test("what is no JSON of the right form is told by its field, and not sent", () => {
  const settings = { ...noSettings, tools: '{"a":1}', schema: "{" };
  expect([...findProblems(settings)]).toEqual(["tools", "schema"]);
  expect(toRequest("m", [said], settings)).not.toHaveProperty("tools");
  expect([...findProblems(noSettings)]).toEqual([]);
});

test("a function waits for its result until there is one, and not when the answer broke off", () => {
  const asks = answered({ toolCalls: [call] });
  expect(openToolCalls({ model: "m", turns: [said, asks] })).toEqual([call]);
  expect(openToolCalls({ model: "m", turns: [asks, { role: "tool", callId: "c1", text: "" }] })).toEqual([]);
  expect(openToolCalls({ model: "m", turns: [{ ...asks, state: "cut" }] })).toEqual([]);
});

test("a rate is told from the first content on, and not of an instant", () => {
  expect(tokensPerSecond(answered({ firstMs: 500, totalMs: 1_500, outputTokens: 20 }))).toBe(20);
  expect(tokensPerSecond(answered({ firstMs: 500, totalMs: 550, outputTokens: 20 }))).toBeUndefined();
  expect(tokensPerSecond(answered({ firstMs: 500, totalMs: 1_500 }))).toBeUndefined();
});

test("a program makes the call that would be made next, or the last one", () => {
  const draft = { role: "user", text: "More", images: [] } as const;
  const turns: readonly Turn[] = [said, answered({ text: "Hello" })];
  expect(toAsked(turns, draft)).toEqual([...turns, draft]);
  expect(toAsked(turns, { ...draft, text: " " })).toEqual([said]);
  expect(toAsked([], { ...draft, text: "" })).toEqual([]);
});

import type { FinishReason, JsonObject, ModelEvent, ToolCallDelta } from "@llm-platform/kit";

export interface Conversation {
  readonly request: JsonObject;
  readonly events: readonly ModelEvent[];
}

const hello = { role: "user", content: "Hello, wörld 🙂" };
const base = { model: "tiny", max_tokens: 2_000 };
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Weather of a place.",
    parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
  },
};
const pixel = "data:image/png;base64,iVBORw0KGgo=";

const say = (content: string): ModelEvent => ({ type: "delta", choice: 0, content });
const think = (reasoning: string): ModelEvent => ({ type: "delta", choice: 0, reasoning });
const call = (part: ToolCallDelta): ModelEvent => ({ type: "delta", choice: 0, toolCalls: [part] });
const end = (reason: FinishReason): readonly ModelEvent[] => [
  { type: "finish", choice: 0, reason },
  { type: "usage", usage: { inputTokens: 12, outputTokens: 7, cacheReadTokens: 4 } },
  { type: "end" },
];
const callOf = (id: string, place: string) => ({
  id,
  type: "function",
  function: { name: "get_weather", arguments: JSON.stringify({ place }) },
});

/** What both sides of every dialect can say, in OpenAI's shape and in canonical events. */
export const conversations: Readonly<Record<string, Conversation>> = {
  text: {
    request: { ...base, messages: [{ role: "system", content: "Be brief." }, hello] },
    events: [say("Hel"), say("lo 🙂"), ...end("stop")],
  },
  "several turns": {
    request: {
      ...base,
      temperature: 0.5,
      top_p: 0.9,
      messages: [hello, { role: "assistant", content: "Hi." }, { role: "user", content: "More." }],
      user: "u-1",
    },
    events: [say("More."), ...end("stop")],
  },
  tools: {
    request: { ...base, messages: [hello], tools: [weather], tool_choice: "auto" },
    events: [
      say("I look."),
      call({ index: 0, id: "call_1", name: "get_weather" }),
      call({ index: 0, argumentsText: '{"place":' }),
      call({ index: 0, argumentsText: '"Örebro"}' }),
      ...end("tool_calls"),
    ],
  },
  "parallel tools": {
    request: {
      ...base,
      messages: [
        hello,
        { role: "assistant", content: null, tool_calls: [callOf("call_1", "A"), callOf("call_2", "B")] },
        { role: "tool", tool_call_id: "call_1", content: "rain" },
        { role: "tool", tool_call_id: "call_2", content: "sun" },
        { role: "user", content: "And C?" },
      ],
      tools: [weather],
    },
    events: [
      call({ index: 0, id: "call_3", name: "get_weather", argumentsText: '{"place":"C"}' }),
      call({ index: 1, id: "call_4", name: "get_weather", argumentsText: "{}" }),
      ...end("tool_calls"),
    ],
  },
  images: {
    request: {
      ...base,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image_url", image_url: { url: pixel } },
          ],
        },
      ],
    },
    events: [say("A pixel."), ...end("stop")],
  },
  reasoning: {
    request: { ...base, max_tokens: 30_000, messages: [hello], reasoning_effort: "medium" },
    events: [think("Hm, "), think("yes."), say("Yes."), ...end("stop")],
  },
  long: {
    request: { ...base, messages: [{ role: "user", content: "ä".repeat(100_000) }] },
    events: [...Array.from({ length: 500 }, (_none, at) => say(`word${at} `)), ...end("stop")],
  },
  stop: {
    request: { ...base, messages: [hello], stop: ["END", "\n\n"] },
    events: [say("a"), ...end("stop")],
  },
  length: { request: { ...base, max_tokens: 1, messages: [hello] }, events: [say("a"), ...end("length")] },
  refusal: {
    request: { ...base, messages: [hello] },
    events: [say("I would rather not."), ...end("content_filter")],
  },
  "a reply without content": { request: { ...base, messages: [hello] }, events: end("stop") },
};

import { type JsonObject, type ModelEvent, PlatformError } from "@llm-platform/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readResponsesRequest,
  toChatRequest,
} from "../../packages/server/src/gateway/dialects/responses/decode-request.ts";
import { toItems } from "../../packages/server/src/gateway/dialects/responses/input-items.ts";
import {
  ResponseEncoder,
  responseOfItem,
  toResponseId,
} from "../../packages/server/src/gateway/dialects/responses/response-encoder.ts";
import { expectSchema } from "../e2e/responses-schemas.ts";
import { eventsOf, member } from "../e2e/http.ts";
import { conversations } from "./conversations.ts";
import { toMeaning } from "./speakers.ts";

const id = toResponseId("req_01234567-89ab-4cde-8f01-23456789abcd");
const end = { completedSeconds: 2, isStored: true };

function encode(events: readonly ModelEvent[], asked: JsonObject = {}) {
  const request = readResponsesRequest({ model: "m", input: "x", ...asked });
  const encoder = new ResponseEncoder({ id, createdSeconds: 1, request });
  let text = encoder.begin(true);
  for (const event of events) text += encoder.add(event);
  text += encoder.close();
  const response = encoder.finished(end);
  return { response, events: eventsOf(text + encoder.end(response)) };
}

function chatOf(body: JsonObject): JsonObject {
  const request = readResponsesRequest({ model: "m", ...body });
  return toChatRequest(request, toItems(request.input));
}

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const delta: fc.Arbitrary<ModelEvent> = fc.oneof(
  text.map((content): ModelEvent => ({ type: "delta", choice: 0, content })),
  text.map((reasoning): ModelEvent => ({ type: "delta", choice: 0, reasoning })),
  text.map((refusal): ModelEvent => ({ type: "delta", choice: 0, refusal })),
  fc.tuple(fc.nat({ max: 2 }), text).map(
    ([index, argumentsText]): ModelEvent => ({
      type: "delta",
      choice: 0,
      toolCalls: [{ index, id: `call_${index}`, name: `f${index}`, argumentsText }],
    }),
  ),
);
const reply = fc
  .tuple(
    fc.array(delta, { maxLength: 12 }),
    fc.constantFrom("stop", "length", "tool_calls", "content_filter"),
  )
  .map(([deltas, reason]): readonly ModelEvent[] => [
    ...deltas,
    { type: "finish", choice: 0, reason },
    { type: "usage", usage: { inputTokens: 3, outputTokens: 4 } },
    { type: "end" },
  ]);

/** The items of a response as a client puts them together from the events alone. */
function gather(events: readonly unknown[]): readonly unknown[] {
  const done = events.filter((event) => member(event, "type") === "response.output_item.done");
  return done
    .toSorted((one, other) => Number(member(one, "output_index")) - Number(member(other, "output_index")))
    .map((event) => member(event, "item"));
}

describe("a response", () => {
  it("is the same event by event as whole, in an order that holds, whatever the model says", () => {
    fc.assert(
      fc.property(reply, (events) => {
        const { response, events: streamed } = encode(events);
        expect(gather(streamed)).toEqual(response["output"]);
        expect(streamed.map((event) => member(event, "sequence_number"))).toEqual(
          streamed.map((_each, at) => at),
        );
        const texts = new Map<string, string>();
        for (const event of streamed) {
          const key = `${String(member(event, "item_id"))}/${String(member(event, "content_index"))}`;
          const more = member(event, "delta");
          if (typeof more === "string") texts.set(key, (texts.get(key) ?? "") + more);
          const whole = member(event, "text") ?? member(event, "refusal") ?? member(event, "arguments");
          if (typeof whole === "string") expect(texts.get(key) ?? "").toBe(whole);
        }
      }),
    );
  });

  it("fits OpenAI's document, event by event and whole, whatever the model says", () => {
    fc.assert(
      fc.property(reply, (events) => {
        const { response, events: streamed } = encode(events);
        expectSchema("response", response);
        for (const event of streamed) expectSchema("event", event);
      }),
      { numRuns: 25 },
    );
  });

  it("that is not as the document says is found", () => {
    const { response, events } = encode([{ type: "delta", choice: 0, content: "x" }]);
    expect(() => expectSchema("response", { ...response, status: "odd" })).toThrow();
    expect(() => expectSchema("response", { ...response, output: [{ type: "message" }] })).toThrow();
    const [first] = events;
    expect(() => expectSchema("event", { ...Object(first), sequence_number: "0" })).toThrow();
  });

  it("that breaks off fits it as well, and says no other end", () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 5 }), (deltas) => {
        const request = readResponsesRequest({ model: "m", input: "x" });
        const encoder = new ResponseEncoder({ id, createdSeconds: 1, request });
        let told = encoder.begin(true);
        for (const event of deltas) told += encoder.add(event);
        told += encoder.fail(new PlatformError("upstream_incomplete", "It was cut."));
        const events = eventsOf(told);
        for (const event of events) expectSchema("event", event);
        expect(events.slice(-2).map((event) => member(event, "type"))).toEqual(["response.failed", "error"]);
      }),
      { numRuns: 25 },
    );
  });

  it.each(Object.entries(conversations))("sent back is what the model said: %s", (_name, { events }) => {
    const { response } = encode(events);
    const output = Array.isArray(response["output"]) ? response["output"] : [];
    const { content, calls } = toMeaning(events);
    const [said] = output.length === 0 ? [undefined] : toMessages(chatOf({ input: output }));
    const text = said?.["content"] ?? "";
    expect(text).toBe(content);
    const called = Array.isArray(said?.["tool_calls"]) ? said["tool_calls"] : [];
    expect(
      called.map((each: unknown) => ({
        id: member(each, "id"),
        name: member(member(each, "function"), "name"),
        input: JSON.parse(String(member(member(each, "function"), "arguments")) || "{}"),
      })),
    ).toEqual(calls);
  });

  it("has ids of items that tell which response they are of", () => {
    const { response } = encode([{ type: "delta", choice: 0, content: "x" }]);
    const [item] = Array.isArray(response["output"]) ? response["output"] : [];
    expect(responseOfItem(String(member(item, "id")))).toBe(id);
    expect(responseOfItem("msg_from_elsewhere")).toBeUndefined();
  });
});

describe("what a request of the Responses API says as a chat", () => {
  it("instructions, text, bounds and sampling", () => {
    const body = {
      input: "Hello",
      instructions: "Be short.",
      max_output_tokens: 20,
      temperature: 0.5,
      top_p: 0.9,
      reasoning: { effort: "low", summary: "auto" },
      text: {
        format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true },
        verbosity: "low",
      },
      metadata: { a: "b" },
      store: false,
    };
    expect(chatOf(body)).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "Be short." },
        { role: "user", content: "Hello" },
      ],
      max_completion_tokens: 20,
      temperature: 0.5,
      top_p: 0.9,
      reasoning_effort: "low",
      response_format: {
        type: "json_schema",
        json_schema: { name: "n", schema: { type: "object" }, strict: true },
      },
      verbosity: "low",
    });
  });

  it("items: calls that stand together are one message, and reasoning goes with what follows the user's last word", () => {
    const call = (name: string) => ({ type: "function_call", call_id: `c_${name}`, name, arguments: "{}" });
    const thought = (said: string) => ({
      type: "reasoning",
      id: "rs_1",
      summary: [],
      content: [{ type: "reasoning_text", text: said }],
    });
    const input = [
      thought("old"),
      { role: "assistant", content: "Hi." },
      { role: "developer", content: "Be kind." },
      {
        role: "user",
        content: [
          { type: "input_text", text: "a" },
          { type: "input_text", text: "b" },
        ],
      },
      thought("new"),
      {
        type: "message",
        role: "assistant",
        id: "msg_1",
        status: "completed",
        content: [{ type: "output_text", text: "I look.", annotations: [] }],
      },
      call("f"),
      call("g"),
      { type: "function_call_output", call_id: "c_f", output: "1" },
      { type: "function_call_output", call_id: "c_g", output: [{ type: "input_text", text: "2" }] },
    ];
    const chatCall = (name: string) => ({
      id: `c_${name}`,
      type: "function",
      function: { name, arguments: "{}" },
    });
    expect(chatOf({ input })["messages"]).toEqual([
      { role: "assistant", content: "Hi." },
      { role: "system", content: "Be kind." },
      { role: "user", content: "ab" },
      {
        role: "assistant",
        content: "I look.",
        reasoning_content: "new",
        tool_calls: [chatCall("f"), chatCall("g")],
      },
      { role: "tool", tool_call_id: "c_f", content: "1" },
      { role: "tool", tool_call_id: "c_g", content: "2" },
    ]);
  });

  it("images and files in the form that chats have", () => {
    const content = [
      { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "low" },
      { type: "input_file", file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" },
    ];
    expect(chatOf({ input: [{ role: "user", content }] })["messages"]).toEqual([
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: "data:image/png;base64,AA==", detail: "low" } },
          { type: "file", file: { file_data: "data:application/pdf;base64,AA==", filename: "a.pdf" } },
        ],
      },
    ]);
  });

  it("functions, and which of them is to be called", () => {
    const tool = {
      type: "function",
      name: "f",
      description: "F.",
      parameters: { type: "object" },
      strict: true,
    };
    expect(chatOf({ input: "x", tools: [tool], tool_choice: { type: "function", name: "f" } })).toMatchObject(
      {
        tools: [
          {
            type: "function",
            function: { name: "f", description: "F.", parameters: { type: "object" }, strict: true },
          },
        ],
        tool_choice: { type: "function", function: { name: "f" } },
      },
    );
  });
});

function toMessages({ messages }: JsonObject): readonly JsonObject[] {
  return Array.isArray(messages) ? messages : [];
}

import type { ModelEvent, ToolCallDelta } from "@llm-platform/kit";
import { expect, it } from "vitest";
import { anthropicClientDialect } from "./dialect.ts";

const encoderOf = (stream: boolean) =>
  anthropicClientDialect.createReplyEncoder({
    operation: "chat",
    stream,
    requestId: "req_1",
    model: "tiny",
    request: {},
    nowMs: () => 0,
  });
const call = (part: ToolCallDelta): ModelEvent => ({ type: "delta", choice: 0, toolCalls: [part] });

it("gives a call without an id one of its own", () => {
  expect(encoderOf(true).encode(call({ index: 0, name: "look" }))).toContain('"id":"toolu_req_1_0"');
});

it.each([
  [
    "comes back to a call that is over",
    [
      { index: 0, name: "a" },
      { index: 1, name: "b" },
      { index: 0, argumentsText: "{" },
    ],
  ],
  ["begins a call without a name", [{ index: 0, argumentsText: "{}" }]],
])("refuses a stream that %s, which its blocks cannot say", (_what, parts) => {
  const encoder = encoderOf(true);
  expect(() => parts.map((part) => encoder.encode(call(part)))).toThrow(
    expect.objectContaining({ code: "upstream_malformed" }),
  );
});

it.each(["{", "[1]"])(
  "refuses a whole reply with %s for the input of a tool, while it can still fail",
  (text) => {
    const encoder = encoderOf(false);
    encoder.encode(call({ index: 0, name: "a", argumentsText: text }));
    expect(() => encoder.encode({ type: "end" })).toThrow(
      expect.objectContaining({ code: "upstream_malformed" }),
    );
  },
);

it("names no reason for an end that came without one", () => {
  const encoder = encoderOf(true);
  encoder.encode({ type: "delta", choice: 0, content: "a" });
  expect(encoder.finish()).toContain('"stop_reason":null');
});

it("ends a reply that the model refused with a refusal", () => {
  const encoder = encoderOf(true);
  encoder.encode({ type: "delta", choice: 0, refusal: "no" });
  encoder.encode({ type: "finish", choice: 0, reason: "stop" });
  expect(encoder.finish()).toContain('"stop_reason":"refusal"');
});

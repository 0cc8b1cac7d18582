import { describe, expect, it } from "vitest";
import { chatRequestSchema } from "./chat-request.ts";
import { parseJsonBody, parseRequest } from "./request-parse.ts";

const messages = [{ role: "user", content: "Hi" }];

describe("parseRequest", () => {
  it("takes null at the top level as absent", () => {
    expect(parseRequest(chatRequestSchema, { messages, temperature: null, stop: null })).toMatchObject({
      temperature: 1,
    });
  });

  it("takes what changes nothing here", () => {
    const harmless = {
      user: "u",
      metadata: { a: "b" },
      store: false,
      service_tier: "auto",
      safety_identifier: "s",
      prompt_cache_key: "k",
    };
    expect(() => parseRequest(chatRequestSchema, { messages, ...harmless })).not.toThrow();
  });

  it.each([
    [{ messages, audio: { voice: "x" } }, "audio", "unsupported_parameter"],
    [{ messages, functions: [] }, "functions", "unsupported_parameter"],
    [{ messages, store: true }, "store", "invalid_request"],
    [{ messages: [] }, "messages", "invalid_request"],
    [{ messages: [{ role: "wizard", content: "x" }] }, "messages[0].role", "invalid_request"],
    [{ messages: [{ role: "user", content: "x", color: 1 }] }, "messages[0].color", "unsupported_parameter"],
    [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].tool_call_id", "invalid_request"],
    [{ messages, n: 0 }, "n", "invalid_request"],
    [
      { messages, tools: [{ type: "function", function: { name: "a b" } }] },
      "tools[0].function.name",
      "invalid_request",
    ],
    [{ messages, response_format: { type: "xml" } }, "response_format.type", "invalid_request"],
    [[], "", "invalid_request"],
  ])("names the field at fault in %j", (body, field, code) => {
    expect(() => parseRequest(chatRequestSchema, body)).toThrow(expect.objectContaining({ field, code }));
  });
});

describe("parseJsonBody", () => {
  it("refuses what is not JSON", () => {
    expect(() => parseJsonBody("{")).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});

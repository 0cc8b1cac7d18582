import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ReplyPart, ToolCallParser } from "./tool-call-parser.ts";

/** Parts of a reply in pieces, neighbouring content joined. */
function parse(pieces: readonly string[]): readonly ReplyPart[] {
  const parser = new ToolCallParser(["get_weather", "add"]);
  const parts: ReplyPart[] = [];
  for (const part of [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()]) {
    const last = parts.at(-1);
    if (part.type === "content" && last?.type === "content")
      parts[parts.length - 1] = { type: "content", text: last.text + part.text };
    else parts.push(part);
  }
  return parts;
}

const weather: ReplyPart = { type: "call", name: "get_weather", argumentsText: '{"city":"Paris"}' };
const add: ReplyPart = { type: "call", name: "add", argumentsText: '{"a":1,"b":2}' };

const cases: readonly (readonly [string, string, readonly ReplyPart[]])[] = [
  [
    "a Hermes call",
    '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>',
    [weather],
  ],
  [
    "two Hermes calls",
    '<tool_call>{"name":"get_weather","arguments":{"city":"Paris"}}</tool_call>\n<tool_call>{"name":"add","arguments":{"a":1,"b":2}}</tool_call>\n',
    [weather, add],
  ],
  [
    "text before a call",
    'Let me see. <tool_call>{"name":"add","arguments":{"a":1,"b":2}}</tool_call>',
    [{ type: "content", text: "Let me see. " }, add],
  ],
  ["a Hermes call that was cut", '<tool_call>\n{"name":"add","arguments":{"a":1,"b":2}}', [add]],
  ["a Llama call", '{"name": "get_weather", "parameters": {"city": "Paris"}}', [weather]],
  [
    "a Llama call behind its tag",
    '<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}',
    [weather],
  ],
  [
    "Mistral calls",
    '[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}}, {"name":"add","arguments":{"a":1,"b":2}}]',
    [weather, add],
  ],
  [
    "plain text",
    "It is 5 < 7 and <tool is no call.",
    [{ type: "content", text: "It is 5 < 7 and <tool is no call." }],
  ],
  ["JSON that is no call", '{"answer": 42}', [{ type: "content", text: '{"answer": 42}' }]],
  [
    "a call of a tool that was not offered",
    '<tool_call>{"name":"rm","arguments":{}}</tool_call>',
    [{ type: "content", text: '<tool_call>{"name":"rm","arguments":{}}</tool_call>' }],
  ],
  [
    "a malformed call",
    '<tool_call>{"name":"add",</tool_call> so',
    [{ type: "content", text: '<tool_call>{"name":"add",</tool_call> so' }],
  ],
];

describe("ToolCallParser", () => {
  it.each(cases)("reads %s, however it is split", (_what, text, expected) => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 12 }), (cuts) => {
        const ends = [...new Set([...cuts, text.length])].toSorted((a, b) => a - b);
        let from = 0;
        const pieces = ends.map((end) => {
          const piece = text.slice(from, end);
          from = end;
          return piece;
        });
        expect(parse(pieces)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("says when a grammar can take over", () => {
    const parser = new ToolCallParser(["add"]);
    expect(parser.isAtCallStart).toBe(false);
    parser.push("<tool_call>\n");
    expect([parser.isInCall, parser.isAtCallStart]).toEqual([true, true]);
    parser.push("{");
    expect([parser.isInCall, parser.isAtCallStart]).toEqual([true, false]);
    parser.push('"name":"add","arguments":{}}</tool_call>');
    expect(parser.isInCall).toBe(false);
  });
});

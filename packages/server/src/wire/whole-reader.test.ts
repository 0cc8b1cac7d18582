import { describe, expect, it } from "vitest";
import { WholeReader } from "./whole-reader.ts";

function read(text: string): WholeReader {
  const reader = new WholeReader();
  reader.push(Buffer.from(text));
  reader.finish();
  return reader;
}

function reply(content: string, ending: string | null): string {
  const message = { role: "assistant", content };
  const usage = { prompt_tokens: 3, completion_tokens: 2 };
  return JSON.stringify({ id: "a", choices: [{ index: 0, message, finish_reason: ending }], usage });
}

describe("WholeReader", () => {
  it("finds how a reply ended and what it used", () => {
    expect(read(reply("hello", "length")).facts).toMatchObject({
      isDone: true,
      finishReason: "length",
      finishedChoices: 1,
      usage: { inputTokens: 3, outputTokens: 2 },
    });
  });

  it.each([
    'say "finish_reason',
    '"finish_reason": "stop"',
    '{"finish_reason":"stop"}',
    '"finish_reason" : ',
  ])("is not misled by a content of %j", (content) => {
    expect(read(reply(content, "length")).facts.finishReason).toBe("length");
    expect(read(reply(content, null)).facts.finishedChoices).toBe(0);
  });

  it.each(["", "{", "[]", '{"choices":[}', "not json"])("refuses %j as malformed", (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "upstream_malformed" }));
  });
});

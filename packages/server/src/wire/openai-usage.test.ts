import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findOpenAiUsage, toUsage } from "./openai-usage.ts";

function read(text: string) {
  const bytes = Buffer.from(`xx${text}xx`);
  return toUsage(findOpenAiUsage(bytes, 2, bytes.length - 2));
}

describe("usage in the OpenAI dialect", () => {
  it("reads the counts, those in the details too", () => {
    const usage = {
      prompt_tokens: 12,
      completion_tokens: 3,
      total_tokens: 15,
      prompt_tokens_details: { audio_tokens: 1, cached_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 2, accepted_prediction_tokens: 0 },
    };
    const expected = { inputTokens: 12, outputTokens: 3, cacheReadTokens: 8, reasoningTokens: 2 };
    expect(read(JSON.stringify(usage))).toEqual(expected);
    expect(read(JSON.stringify(usage, undefined, 2))).toEqual(expected);
  });

  it.each([
    ["null", undefined],
    ["[1]", undefined],
    ["{}", undefined],
    ['{"prompt_tokens":-1}', undefined],
    ['{"prompt_tokens":1.5}', undefined],
    ['{"prompt_tokens":"1"}', undefined],
    ['{"prompt_tokens":null,"completion_tokens":4}', { outputTokens: 4 }],
    ['{"prompt_tokens":12e1}', { inputTokens: 120 }],
    ['{"prompt_tokens":99999999999999999999}', undefined],
    ['{"prompt_tokens":7,"prompt_tokens_details":null}', { inputTokens: 7 }],
    ['{"prompt_tokens":7,"cached_tokens":3}', { inputTokens: 7 }],
    ['{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":true}}', { inputTokens: 7 }],
  ])("%s", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it("finds what a parse of the text finds", () => {
    const number = fc.oneof(fc.nat(), fc.double(), fc.constantFrom(null, "3", true, -0, 2 ** 53));
    const details = fc.oneof(
      number,
      fc.dictionary(fc.constantFrom("cached_tokens", "reasoning_tokens", "other"), number),
    );
    const names = [
      "prompt_tokens",
      "completion_tokens",
      "prompt_tokens_details",
      "completion_tokens_details",
    ];
    const usage = fc.dictionary(fc.constantFrom(...names, "cached_tokens", "other"), details);
    fc.assert(
      fc.property(usage, (value) => {
        const text = JSON.stringify(value);
        expect(read(text)).toEqual(byParse(JSON.parse(text)));
      }),
    );
  });
});

function byParse(usage: Readonly<Record<string, unknown>>): object | undefined {
  const count = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= 0 ? value : undefined);
  const inside = (value: unknown, name: string) =>
    typeof value === "object" && value !== null
      ? count(Object.getOwnPropertyDescriptor(value, name)?.value)
      : undefined;
  const found = {
    inputTokens: count(usage["prompt_tokens"]),
    outputTokens: count(usage["completion_tokens"]),
    cacheReadTokens: inside(usage["prompt_tokens_details"], "cached_tokens"),
    reasoningTokens: inside(usage["completion_tokens_details"], "reasoning_tokens"),
  };
  return found.inputTokens === undefined && found.outputTokens === undefined ? undefined : found;
}

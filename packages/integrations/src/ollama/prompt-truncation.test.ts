import { expect, test } from "vitest";
import { isPromptTruncated } from "./prompt-truncation.ts";

test.each<[string, number, number | undefined, number | undefined, boolean]>([
  ["a text cut to half of a known window", 9_000, 2_050, 4_096, true],
  ["messages dropped until the rest fits", 9_000, 3_777, 4_096, true],
  ["a text cut to half of a window that is not known", 50_000, 16_386, undefined, true],
  ["a full window that is not known", 9_000, 2_048, undefined, true],
  ["a prompt that fits", 900, 870, 4_096, false],
  ["a prompt that nearly fills the window", 4_500, 4_090, 4_096, false],
  ["a prompt of which most came from the cache", 3_000, 12, 4_096, false],
  ["a prompt of which most came from the cache, window not known", 3_000, 12, undefined, false],
  ["an estimate that is too high by a third", 4_000, 3_000, undefined, false],
  ["no count at all", 9_000, undefined, 4_096, false],
  ["a count above the window, which must be wrong", 9_000, 5_000, 4_096, false],
])(
  "%s: estimated %s, counted %s, window %s",
  (_name, estimatedTokens, countedTokens, windowTokens, expected) => {
    expect(isPromptTruncated({ estimatedTokens, countedTokens, windowTokens })).toBe(expected);
  },
);

import { expect, test } from "vitest";
import { nextRunChunks } from "./run-length.ts";

const bounds = { least: 8, most: 64 };

test.each([
  [
    "an answer that is waited for too long makes the next run longer",
    16,
    { askedMs: 200, tookMs: 1_000 },
    32,
  ],
  ["it grows to its bound", 64, { askedMs: 900, tookMs: 1_000 }, 64],
  ["an answer that comes at once makes it shorter", 16, { askedMs: 1, tookMs: 100 }, 8],
  ["it shrinks to its bound", 8, { askedMs: 0, tookMs: 100 }, 8],
  ["between the two it stays", 16, { askedMs: 5, tookMs: 100 }, 16],
])("%s", (_name, chunks, pace, wanted) => {
  expect(nextRunChunks(chunks, pace, bounds)).toBe(wanted);
});

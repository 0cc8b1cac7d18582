import { expect, test } from "vitest";
import { loneRunChunks, nextRunChunks } from "./run-length.ts";

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

test.each([
  ["one that is alone and fast takes what comes in half a second", 16, { tookMs: 20 }, 400],
  ["a slow one takes less", 64, { tookMs: 4_000 }, 8],
  ["and not less than the bound", 8, { tookMs: 60_000 }, 8],
  ["a run that took no time is no reason to take all", 1, { tookMs: 0 }, 500],
])("%s", (_name, chunks, pace, wanted) => {
  expect(loneRunChunks(chunks, pace, bounds)).toBe(wanted);
});

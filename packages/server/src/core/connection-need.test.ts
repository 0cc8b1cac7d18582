import { expect, test } from "vitest";
import { isMoreNeeded } from "./connection-need.ts";

const mebibyte = 1024 * 1024;

test.each([
  ["one that waits for its answer is not enough", { connections: 1, bytes: 0, tookMs: 50 }, true],
  ["one from far away is not enough", { connections: 1, bytes: 5 * mebibyte, tookMs: 50 }, true],
  ["nor are three", { connections: 3, bytes: 15 * mebibyte, tookMs: 50 }, true],
  ["one on the same machine is", { connections: 1, bytes: 40 * mebibyte, tookMs: 50 }, false],
  ["and so are three that bring as much each", { connections: 3, bytes: 120 * mebibyte, tookMs: 50 }, false],
])("%s", (_name, pace, isNeeded) => {
  expect(isMoreNeeded(pace)).toBe(isNeeded);
});

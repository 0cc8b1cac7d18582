import { expect, test } from "vitest";
import { toReason } from "./missing.ts";

test("a reason is the first line: the rest is for whoever sits at the machine", () => {
  expect(toReason(new Error("pip failed: no such version\nLooking in indexes: somewhere"))).toBe(
    "pip failed: no such version",
  );
  expect(toReason(new Error("go ended while it started:\nits log"))).toBe("go ended while it started");
});

test.each([
  ["fetch of https://user:pass@pypi.example.org/simple/ failed", "fetch of (address) failed"],
  ["EACCES: mkdir '/home/someone/.cache/go-build'", "EACCES: mkdir '(path)'"],
  ["needs @portkey-ai/gateway 1.15.2", "needs @portkey-ai/gateway 1.15.2"],
  ["fastapi>=0.120,<1/2 is wanted", "fastapi>=0.120,<1/2 is wanted"],
])("what belongs to one machine stays out of the report: %s", (message, expected) => {
  expect(toReason(new Error(message))).toBe(expected);
});

test("anything can be thrown, and a reason is never long", () => {
  expect(toReason("no python")).toBe("no python");
  expect(toReason(new Error("x".repeat(5_000)))).toHaveLength(240);
});

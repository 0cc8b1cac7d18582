import { expect, it } from "vitest";
import { formatCookie, readCookie } from "./cookies.ts";

it.each([
  ["a=1", "1"],
  ["b=2; a=1", "1"],
  ["b=2;a=1;c=3", "1"],
  ["aa=1", undefined],
  ["a=1; a=2", undefined],
  ["a=", undefined],
  ["a", undefined],
  [undefined, undefined],
])("of %j the cookie a is %j", (header, value) => {
  expect(readCookie(header, "a")).toBe(value);
});

it("no script can read a cookie that is set", () => {
  const options = { path: "/x", maxAgeSeconds: 60, sameSite: "Strict" } as const;
  expect(formatCookie("a", "1", { ...options, isSecure: false })).toBe(
    "a=1; Path=/x; Max-Age=60; HttpOnly; SameSite=Strict",
  );
  expect(formatCookie("a", "1", { ...options, isSecure: true })).toMatch(/; Secure$/);
});

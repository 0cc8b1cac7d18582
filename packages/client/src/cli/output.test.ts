import { expect, test } from "vitest";
import { formatBytes, formatTable, toPrintable, toPrintableLines } from "./output.ts";

test("columns are as wide as their widest cell, and lines end without blanks", () => {
  expect(
    formatTable([
      ["NAME", "STATE", "REASON"],
      ["local", "running", ""],
      ["our-website", "error", "no url"],
    ]),
  ).toBe("NAME         STATE    REASON\nlocal        running\nour-website  error    no url\n");
});

test.each([
  ["a\u001b[31mb", "ab"],
  ["a\nb\tc", "a b c"],
  ["bell\u0007", "bell "],
])("in a table %j is %j", (text, expected) => {
  expect(toPrintable(text)).toBe(expected);
});

test.each([
  ["a\u001b[31mb\u001b[0m", "ab"],
  ["line\n\tline", "line\n\tline"],
  ["back\rto the start", "backto the start"],
  ["half of a sequence \u001b", "half of a sequence "],
  ["Grüße 👋", "Grüße 👋"],
])("in running text %j is %j", (text, expected) => {
  expect(toPrintableLines(text)).toBe(expected);
});

test.each([
  [null, "-"],
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [1_868_928, "1.9 MB"],
  [7_500_000_000, "7.5 GB"],
])("%j bytes are shown as %s", (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});

import { expect, test } from "vitest";
import { isNameAt, isNameByte, isValueByte } from "./header-name.ts";

test.each(["content-length", "CONTENT-LENGTH", "Content-Length"])(
  "%s is the name, whatever its case",
  (name) => {
    expect(isNameAt(`x: y\r\n${name}: 5`, 6, "content-length")).toBe(true);
  },
);

test.each(["content\rlength", "contentMlength", "content-lengt"])("%j is not the name", (text) => {
  expect(isNameAt(text, 0, "content-length")).toBe(false);
});

test("only letters have another case", () => {
  expect(isNameAt("@a[", 0, "`a{")).toBe(false);
  expect(isNameAt("[", 0, "{")).toBe(false);
  expect(isNameAt("AZ", 0, "az")).toBe(true);
});

test("a name has no white space, no colon and no control character; a value has tabs only", () => {
  for (const byte of [0x00, 0x09, 0x0a, 0x0d, 0x20, 0x3a, 0x7f, 0x80, 0xff])
    expect(isNameByte(byte)).toBe(false);
  for (const byte of [0x00, 0x0a, 0x0d, 0x1f, 0x7f]) expect(isValueByte(byte)).toBe(false);
  for (const byte of [0x09, 0x20, 0x7e, 0x80, 0xff]) expect(isValueByte(byte)).toBe(true);
});

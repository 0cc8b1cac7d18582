import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createWindowMemory } from "./hash-window.ts";
import { openWritten } from "./written-file.ts";

const pageBytes = 4_096;

/** Pages of letters, from a place in memory that begins at a page. */
function letters(text: string, offset = 0): Uint8Array {
  const bytes = Buffer.from(createWindowMemory(), offset, text.length * pageBytes);
  for (const [index, letter] of [...text].entries())
    bytes.fill(letter, index * pageBytes, (index + 1) * pageBytes);
  return bytes;
}

function pagesOf(text: string): string {
  return [...text].map((letter) => letter.repeat(pageBytes)).join("");
}

function begin() {
  const folder = mkdtempSync(join(tmpdir(), "written-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "file");
  writeFileSync(path, "");
  return { path, contents: () => readFileSync(path, "latin1") };
}

test("what goes past the cache and what goes through it is one file", () => {
  const { path, contents } = begin();
  const file = openWritten(path);
  file.write(Buffer.from("begin"), 0);
  file.writePastCache(letters("ab"), pageBytes);
  file.write(Buffer.from("end"), 3 * pageBytes);
  file.writePastCache(letters("c"), 2 * pageBytes);
  file.close();
  expect(contents()).toBe(`begin${"\0".repeat(pageBytes - 5)}${pagesOf("ac")}end`);
});

test("what the system refuses to write past its cache is written all the same, and so is what follows", () => {
  const { path, contents } = begin();
  const file = openWritten(path);
  // Memory that does not begin at a page, a place that does not, and bytes that are no whole pages.
  file.writePastCache(letters("a", 1), 0);
  file.writePastCache(letters("b"), pageBytes);
  file.writePastCache(letters("c"), 2 * pageBytes + 1);
  file.writePastCache(Buffer.from("d"), 3 * pageBytes + 1);
  file.close();
  expect(contents()).toBe(`${pagesOf("ab")}\0${pagesOf("c")}d`);
});

test("a file that is not there, or cannot be written, is told", () => {
  const told = expect.objectContaining({ name: "PlatformError" });
  expect(() => openWritten(join(tmpdir(), "no", "such", "file"))).toThrow(told);
  expect(() => openWritten(tmpdir())).toThrow(told);
});

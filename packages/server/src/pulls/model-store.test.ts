import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ModelStore, openModelStore } from "./model-store.ts";

let folder: string;
let store: ModelStore;
const clock = { nowMs: Date.now() };
const digest = (letter: string) => letter.repeat(64);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "model-store-"));
  store = await openModelStore(folder, () => clock.nowMs);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function keep(letter: string): Promise<string> {
  const part = `${store.partOf(`x${letter}`)}.part`;
  writeFileSync(part, letter);
  await store.adopt(part, digest(letter));
  return digest(letter);
}

it("names what is there, each contents once", async () => {
  const sha256 = await keep("a");
  expect(await store.has(sha256, 1)).toBe(true);
  await store.name("one.gguf", sha256, false);
  await store.name("two.gguf", sha256, false);
  expect(readFileSync(join(folder, "one.gguf"), "utf8")).toBe("a");
  expect(readdirSync(join(folder, "blobs"))).toEqual([`sha256-${sha256}`]);
});

it("gives a name other contents only where it may", async () => {
  await store.name("x.gguf", await keep("a"), false);
  const other = await keep("b");
  await expect(store.name("x.gguf", other, false)).rejects.toMatchObject({ code: "conflict", field: "name" });
  expect(readFileSync(join(folder, "x.gguf"), "utf8")).toBe("a");
  await store.name("x.gguf", other, true);
  expect(readFileSync(join(folder, "x.gguf"), "utf8")).toBe("b");
});

it("collects what has no name, and never what has one or is about to get one", async () => {
  await store.name("named.gguf", await keep("a"), false);
  const wanted = await keep("b");
  await keep("c");
  expect(await store.collect(new Set([wanted]))).toBe(1);
  expect(readdirSync(join(folder, "blobs")).toSorted()).toEqual([
    `sha256-${digest("a")}`,
    `sha256-${digest("b")}`,
  ]);
  rmSync(join(folder, "named.gguf"));
  await store.collect(new Set());
  expect(readdirSync(join(folder, "blobs"))).toEqual([]);
});

it("collects parts that nobody has touched for a week", async () => {
  const part = `${store.partOf("old")}.part`;
  writeFileSync(part, "x");
  await store.collect(new Set());
  expect(existsSync(part)).toBe(true);
  clock.nowMs += 8 * 86_400_000;
  await store.collect(new Set());
  expect(existsSync(part)).toBe(false);
});

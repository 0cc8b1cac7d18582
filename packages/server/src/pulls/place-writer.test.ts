import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { blockBytes, type BlockWriter } from "./hash-window.ts";
import { openPlace, TooLong } from "./place-writer.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A window in which the first blocks have memory, and what it was told. */
function createBlocks(count: number) {
  const memories = Array.from({ length: count }, () => Buffer.alloc(blockBytes));
  const published: (readonly [block: number, bytes: number, first: string])[] = [];
  const blocks: BlockWriter = {
    open: (block) => memories[block],
    publish: (block, bytes) =>
      void published.push([block, bytes, memories[block]?.toString("latin1", 0, 1) ?? ""]),
    whenOpen: () => undefined,
    close: () => undefined,
  };
  return { blocks, memories, published };
}

function begin(from: number, until: number, blocks?: BlockWriter) {
  const folder = mkdtempSync(join(tmpdir(), "place-"));
  folders.push(folder);
  const path = join(folder, "part");
  writeFileSync(path, Buffer.alloc(from, "."));
  const stored: number[] = [];
  let nowMs = 0;
  const writer = openPlace(
    { path, from, until },
    { blocks, monotonicMs: () => nowMs, onStored: (position) => void stored.push(position) },
  );
  return {
    writer,
    stored,
    pass: (ms: number) => void (nowMs += ms),
    contents: () => readFileSync(path, "latin1"),
  };
}

test("what is read to where there is room is written with its block, and published then", async () => {
  const { blocks, memories, published } = createBlocks(2);
  const { writer, stored, contents } = begin(0, 2 * blockBytes, blocks);
  await writer.take(Buffer.from("a"));
  stored.length = 0;
  const room = writer.room();
  expect(room?.byteLength).toBe(blockBytes - 1);
  expect(room?.buffer).toBe(memories[0]?.buffer);
  room?.fill(0x62);
  await writer.take(room ?? Buffer.alloc(0));
  expect(stored).toEqual([blockBytes]);
  expect(published).toEqual([[0, blockBytes, "a"]]);
  expect(contents()).toBe(`a${"b".repeat(blockBytes - 1)}`);
  writer.close();
});

test("a piece may end in another block, which may be short, or have no memory", async () => {
  for (const memories of [0, 1, 2]) {
    const { blocks, published } = createBlocks(memories);
    const { writer, stored, contents } = begin(0, blockBytes + 3, blocks);
    const bytes = "x".repeat(blockBytes + 3);
    await writer.take(Buffer.from(bytes));
    expect(writer.room()).toBeUndefined();
    writer.close();
    expect(stored.at(-1)).toBe(blockBytes + 3);
    expect(contents()).toBe(bytes);
    expect(published.map(([block, size]) => [block, size])).toEqual(
      [
        [0, blockBytes],
        [1, 3],
      ].slice(0, memories),
    );
  }
});

test("a place that begins within a block is written as it comes up to the next one", async () => {
  const { blocks, published } = createBlocks(2);
  const { writer, stored, contents } = begin(blockBytes - 2, 2 * blockBytes, blocks);
  expect(writer.room()).toBeUndefined();
  await writer.take(Buffer.from("ab"));
  expect(stored).toEqual([blockBytes]);
  await writer.take(Buffer.alloc(blockBytes, "c"));
  writer.close();
  expect(published).toEqual([[1, blockBytes, "c"]]);
  expect(contents().slice(blockBytes - 3, blockBytes + 1)).toBe(".abc");
});

test("what comes slowly is written before its block is full, and what is left when it is closed", async () => {
  const { writer, stored, pass, contents } = begin(0, blockBytes, createBlocks(1).blocks);
  await writer.take(Buffer.from("a"));
  await writer.take(Buffer.from("b"));
  expect(stored).toEqual([1]);
  pass(60);
  await writer.take(Buffer.from("c"));
  await writer.take(Buffer.from("d"));
  expect({ stored, contents: contents() }).toEqual({ stored: [1, 3], contents: "abc" });
  writer.close();
  expect({ stored, contents: contents() }).toEqual({ stored: [1, 3, 4], contents: "abcd" });
});

test("more than belongs there is refused, and a file that is not there told", () => {
  const { writer } = begin(0, 3);
  expect(() => writer.take(Buffer.from("abcd"))).toThrow(TooLong);
  writer.close();
  const missing = { path: join(tmpdir(), "no", "such", "part"), from: 0, until: 1 };
  const parts = { blocks: undefined, monotonicMs: () => 0, onStored: () => undefined };
  expect(() => openPlace(missing, parts)).toThrow(expect.objectContaining({ name: "PlatformError" }));
});

import { MessageChannel } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import {
  blockBytes,
  type BlockReader,
  type BlockWriter,
  clearWindow,
  createWindowMemory,
  hasPublished,
  readBlocks,
  writeBlocks,
} from "./hash-window.ts";

const ends: { close(): void }[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.close();
});

function begin() {
  const { port1, port2 } = new MessageChannel();
  const memory = createWindowMemory();
  let woken = 0;
  const writer = writeBlocks({ memory, port: port1 });
  const reader = readBlocks({ memory, port: port2 }, () => woken++);
  ends.push(writer, reader);
  return { memory, writer, reader, wakings: () => woken };
}

/** How many blocks have their memory. */
function openBlocks(writer: BlockWriter, from: number): number {
  let block = from;
  while (writer.open(block) !== undefined) block++;
  return block - from;
}

function publishAll(writer: BlockWriter, from: number): number {
  const count = openBlocks(writer, from);
  for (let block = from; block < from + count; block++) writer.publish(block, blockBytes);
  return from + count;
}

function hash(reader: BlockReader, blocks: number): void {
  for (let block = 0; block < blocks; block++) reader.release((block + 1) * blockBytes);
}

test("a block is read where it was written, once it is published, and the last may be short", () => {
  const { writer, reader } = begin();
  writer.open(0)?.fill("a");
  expect(reader.read(0)).toBeUndefined();
  writer.publish(0, blockBytes);
  expect(reader.read(0)).toEqual(Buffer.alloc(blockBytes, "a"));
  expect(reader.read(blockBytes - 2)?.toString()).toBe("aa");
  writer.open(1)?.fill("b");
  writer.publish(1, 3);
  expect(reader.read(blockBytes)?.toString()).toBe("bbb");
  expect(reader.read(blockBytes + 3)).toBeUndefined();
});

test("only the next blocks have memory, and each more that is hashed gives it to another one", () => {
  const { writer, reader } = begin();
  const end = publishAll(writer, 0);
  expect(writer.open(end)).toBeUndefined();
  hash(reader, 1);
  expect(openBlocks(writer, end)).toBe(1);
  expect(writer.open(0)).toBeUndefined();
  writer.open(end)?.fill("z");
  expect(reader.read(0), "it has another block's bytes already").toBeDefined();
  writer.publish(end, blockBytes);
  expect(reader.read(0)).toBeUndefined();
});

test("whoever is a window ahead waits until half of it is hashed, and nobody else does", async () => {
  const { writer, reader } = begin();
  const end = publishAll(writer, 0);
  expect(writer.whenOpen(end - 1)).toBeUndefined();
  expect(writer.whenOpen(end + 1)).toBeUndefined();
  const waits = [writer.whenOpen(end), writer.whenOpen(end)];
  expect(waits).not.toContain(undefined);
  hash(reader, end / 2);
  for (const wait of waits) await wait;
  expect(openBlocks(writer, end)).toBe(end / 2);
});

test("what is not hashed is not waited for long, and what hashing itself waits for not at all", async () => {
  const { writer } = begin();
  const end = openBlocks(writer, 0);
  expect(writer.whenOpen(end)).toBeUndefined();
  publishAll(writer, 0);
  const waits = [writer.whenOpen(end), writer.whenOpen(end)];
  expect(waits).not.toContain(undefined);
  for (const wait of waits) await wait;
  expect(writer.open(end)).toBeUndefined();
});

test("a reader that sleeps is woken by the next block, and does not sleep while there is one", async () => {
  const { writer, reader, wakings } = begin();
  expect(reader.sleep(0)).toBe(true);
  writer.publish(0, blockBytes);
  await expect.poll(wakings).toBe(1);
  expect(reader.sleep(0)).toBe(false);
});

test("it is known which bytes were given to the window, until it is cleared", () => {
  const { memory, writer } = begin();
  writer.publish(2, blockBytes);
  expect(hasPublished(memory, 0, 2 * blockBytes)).toBe(false);
  expect(hasPublished(memory, 0, 2 * blockBytes + 1)).toBe(true);
  expect(hasPublished(memory, 3 * blockBytes - 1, 9 * blockBytes)).toBe(true);
  expect(hasPublished(memory, 3 * blockBytes, 9 * blockBytes)).toBe(false);
  clearWindow(memory);
  expect(hasPublished(memory, 0, 9 * blockBytes)).toBe(false);
});

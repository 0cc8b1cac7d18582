import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createHashThread } from "./file-hasher.ts";
import { blockBytes, type BlockWriter, type HashWindow, writeBlocks } from "./hash-window.ts";

const mebibyte = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "hashes-"));
const nothing = (): undefined => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
/** What the files of the test are written through. */
const windows = new Map<string, BlockWriter>();
const transfers = {
  share: (path: string, window: HashWindow) => void windows.set(path, writeBlocks(window)),
  unshare: (path: string) => windows.get(path)?.close(),
};
const thread = createHashThread({ transfers, log });
afterAll(async () => {
  await thread.stop();
  rmSync(folder, { recursive: true });
});

function write(name: string, sizeBytes: number) {
  const bytes = Buffer.alloc(sizeBytes, name);
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { path, sizeBytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

test("files that grow at once each get their own digest", async () => {
  const files = [write("long", 40 * mebibyte + 3), write("short", 5 * mebibyte), write("empty", 0)];
  const hashers = files.map(({ path }) => thread.open(path));
  for (let until = 0; until < 40 * mebibyte; until += mebibyte)
    for (const [index, { sizeBytes }] of files.entries()) hashers[index]?.advance(Math.min(until, sizeBytes));
  const digests = await Promise.all(files.map(({ sizeBytes }, index) => hashers[index]?.finish(sizeBytes)));
  expect(digests).toEqual(files.map(({ sha256 }) => sha256));
  for (const hasher of hashers) hasher.stop();
});

/** Has the window of a file say something else than the file does. */
function publish(path: string, block: number, contents: string): string {
  windows.get(path)?.open(block)?.fill(contents);
  windows.get(path)?.publish(block, blockBytes);
  return contents.repeat(blockBytes);
}

test("what comes through the window is hashed from there, and the rest from the file", async () => {
  const { path, sizeBytes } = write("f", 3 * blockBytes + 1);
  const hasher = thread.open(path);
  const second = publish(path, 1, "s");
  const wanted = `${"f".repeat(blockBytes)}${second}${"f".repeat(blockBytes + 1)}`;
  expect(await hasher.finish(sizeBytes)).toBe(createHash("sha256").update(wanted).digest("hex"));
  hasher.stop();
});

test("a file of which bytes come again is hashed from its beginning, and from the file alone", async () => {
  const { path, sizeBytes, sha256 } = write("g", 3 * blockBytes);
  const hasher = thread.open(path);
  publish(path, 0, "x");
  hasher.expect({ from: blockBytes, until: sizeBytes });
  hasher.expect({ from: blockBytes - 1, until: sizeBytes });
  publish(path, 1, "y");
  expect(await hasher.finish(sizeBytes)).toBe(sha256);
  hasher.stop();
});

test("a file that cannot be read, or that was given up, does not touch the others", async () => {
  const { path, sizeBytes, sha256 } = write("good", 3 * mebibyte);
  const missing = thread.open(join(folder, "missing"));
  const givenUp = thread.open(path);
  const cut = thread.open(path);
  const good = thread.open(path);
  givenUp.advance(sizeBytes);
  givenUp.stop();
  await expect(missing.finish(1)).rejects.toMatchObject({ name: "PlatformError" });
  await expect(cut.finish(sizeBytes + 1)).rejects.toMatchObject({ name: "PlatformError" });
  expect(await good.finish(sizeBytes)).toBe(sha256);
});

test("when the thread ends, the file it was at fails, and the next one begins another", async () => {
  const { path, sizeBytes, sha256 } = write("again", mebibyte);
  const before = thread.open(path);
  await thread.stop();
  await expect(before.finish(sizeBytes)).rejects.toMatchObject({ name: "PlatformError" });
  expect(await thread.open(path).finish(sizeBytes)).toBe(sha256);
});

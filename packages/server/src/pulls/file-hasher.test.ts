import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createHashThread } from "./file-hasher.ts";

const mebibyte = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "hashes-"));
const thread = createHashThread();
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

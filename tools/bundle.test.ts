import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isNewer } from "./bundle.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bundle-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A file whose content is that many seconds old. */
async function aged(name: string, seconds: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, name);
  const at = Date.now() / 1_000 - seconds;
  await utimes(path, at, at);
  return path;
}

test("a bundle that is not there is not new", async () => {
  expect(isNewer(join(folder, "main.js"), [await aged("info", 5)])).toBe(false);
});

test("a bundle is made again when one of its sources is younger", async () => {
  const others = [await aged("old", 100), await aged("young", 1)];
  expect(isNewer(await aged("main.js", 50), others)).toBe(false);
  expect(isNewer(await aged("main.js", 0), others)).toBe(true);
});

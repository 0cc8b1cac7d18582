import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { blockBytes, createWindowMemory, writeBlocks } from "../../packages/server/src/pulls/hash-window.ts";
import { openPlace } from "../../packages/server/src/pulls/place-writer.ts";
import { findService } from "../../tools/services.ts";

const fincore = findService("fincore");
/** On a disk, where the system's folder for temporary files may be memory. */
const onDisk = fileURLToPath(new URL("../../tmp/", import.meta.url));
const contents = Buffer.alloc(4 * blockBytes, "abcdefg").subarray(0, 3 * blockBytes + 5);

/** Stores the contents, and returns how many of their bytes the page cache holds then. */
function store(blocksPerMs: number): number {
  mkdirSync(onDisk, { recursive: true });
  const folder = mkdtempSync(join(onDisk, "past-cache-"));
  const path = join(folder, "part");
  writeFileSync(path, "");
  const { port1, port2 } = new MessageChannel();
  const blocks = writeBlocks({ memory: createWindowMemory(), port: port1 });
  onTestFinished(() => {
    blocks.close();
    port2.close();
    rmSync(folder, { recursive: true });
  });
  let nowMs = 0;
  const parts = { blocks, monotonicMs: () => nowMs, onStored: () => undefined };
  const place = openPlace({ path, from: 0, until: contents.byteLength }, parts);
  for (let from = 0; from < contents.byteLength; from += blockBytes) {
    nowMs += 1 / blocksPerMs;
    void place.take(contents.subarray(from, from + blockBytes));
  }
  place.close();
  const { stdout } = spawnSync(fincore ?? "", ["--bytes", "--noheadings", "--output", "RES", path]);
  const cachedBytes = Number(stdout.toString());
  expect(readFileSync(path).equals(contents)).toBe(true);
  return cachedBytes;
}

test.skipIf(fincore === undefined)("whole blocks that come quickly go past the page cache", () => {
  // Some of the last page, which is not whole.
  expect(store(1)).toBeLessThanOrEqual(4_096);
});

test.skipIf(fincore === undefined)(
  "what comes slowly is in the page cache, for whoever reads it next",
  () => {
    expect(store(0.05)).toBeGreaterThanOrEqual(contents.byteLength);
  },
);

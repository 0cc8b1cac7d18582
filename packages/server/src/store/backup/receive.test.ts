import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { backUp, calm, fillDataFolder } from "./backup.test-data.ts";
import { receiveBackup, type SentBackup } from "./receive.ts";

let root = "";
let folder = "";
let archive = Buffer.alloc(0);

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "receive-"));
  await fillDataFolder(join(root, "data"));
  archive = readFileSync((await backUp(join(root, "data"), root)).file);
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  folder = mkdtempSync(join(root, "to-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, "b.tar");

async function* inPieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 10_000) yield bytes.subarray(from, from + 10_000);
}

const sent = (bytes = archive): SentBackup => ({
  body: inPieces(bytes),
  bytes: archive.length,
  sha256: hash("sha256", archive),
});

test("what is sent is in the file, for its owner only", async () => {
  // One that a crash left is no hindrance, and its mode does not stay.
  writeFileSync(`${file()}.partial`, "rest", { mode: 0o644 });
  const { tables } = await receiveBackup(sent(), file(), calm);
  expect(tables["usage_ledger"]).toBe(20);
  expect(readFileSync(file())).toEqual(archive);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["b.tar"]);
});

test("a file that is there is not written over", async () => {
  writeFileSync(file(), "the last one");
  await expect(receiveBackup(sent(), file(), calm)).rejects.toMatchObject({ code: "conflict" });
  expect(readFileSync(file(), "utf8")).toBe("the last one");
});

test("one that is altered, cut or too long on its way leaves nothing", async () => {
  const flipped = Buffer.from(archive);
  flipped[5_000] = (flipped[5_000] ?? 0) ^ 1;
  for (const bytes of [flipped, archive.subarray(0, -1), Buffer.concat([archive, Buffer.alloc(1)])]) {
    await expect(receiveBackup(sent(bytes), file(), calm)).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(/arrived altered/),
    });
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("something else with a right hash is no backup", async () => {
  const text = Buffer.from("hello");
  const other = { body: inPieces(text), bytes: 5, sha256: hash("sha256", text) };
  await expect(receiveBackup(other, file(), calm)).rejects.toMatchObject({ field: "manifest.json" });
  expect(readdirSync(folder)).toEqual([]);
});

test("what breaks off goes on as it was thrown, and a folder that is not there is told", async () => {
  const broken = new Error("the connection is gone");
  const body = (async function* () {
    yield archive.subarray(0, 100);
    throw broken;
  })();
  await expect(receiveBackup({ ...sent(), body }, file(), calm)).rejects.toBe(broken);
  expect(readdirSync(folder)).toEqual([]);
  await expect(receiveBackup(sent(), join(folder, "none", "b.tar"), calm)).rejects.toMatchObject({
    code: "unavailable",
  });
});

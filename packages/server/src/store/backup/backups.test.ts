import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { quietLog } from "../spool.test-data.ts";
import { calm, fillDataFolder, testTimeMs } from "./backup.test-data.ts";
import { type Backups, type BackupsParts, createBackups } from "./backups.ts";
import type { MadeBackup } from "./make-backup.ts";
import { verifyBackup } from "./verify.ts";

let data = "";
const folder = () => join(data, "backups");

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "backups-"));
});
afterEach(() => rmSync(data, { recursive: true }));

function create(parts: Partial<BackupsParts> = {}): Backups {
  return createBackups({
    dataDirectory: data,
    version: "1",
    log: quietLog,
    nowMs: () => testTimeMs,
    ...parts,
  });
}

/** One that is made when the test says so. */
function held() {
  const begun = Promise.withResolvers<AbortSignal>();
  const end = Promise.withResolvers<MadeBackup>();
  const make: BackupsParts["make"] = (_input, signal) => {
    begun.resolve(signal);
    signal.addEventListener("abort", () => end.reject(new Error("aborted")), { once: true });
    return end.promise;
  };
  return { make, begun: begun.promise };
}

test("a thread makes one, and it is kept", async () => {
  await fillDataFolder(data);
  const made = await create().create(calm.signal);
  expect(made.file).toBe(join(folder(), "llm-platform-20231114T221320000Z.tar"));
  expect(await verifyBackup(made.file, calm)).toEqual(made.manifest);
  expect(readdirSync(folder())).toHaveLength(1);
});

test("what the thread cannot do is told as it was there", async () => {
  await expect(create().create(calm.signal)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/unable to open database file/),
  });
  expect(readdirSync(folder())).toEqual([]);
});

test("an abort reaches the thread, and nothing is left", async () => {
  await fillDataFolder(data);
  const abort = new AbortController();
  const making = create().create(abort.signal);
  abort.abort();
  await expect(making).rejects.toMatchObject({ code: "client_cancelled" });
  expect(existsSync(folder()) ? readdirSync(folder()) : []).toEqual([]);
});

test("one that is lent goes when it was used, also when that failed", async () => {
  await fillDataFolder(data);
  const backups = create();
  for (const failure of [undefined, new Error("the client has gone")]) {
    const lending = backups.lend(calm.signal, async ({ file }) => {
      expect(existsSync(file)).toBe(true);
      if (failure !== undefined) throw failure;
    });
    await (failure === undefined ? lending : expect(lending).rejects.toBe(failure));
    expect(readdirSync(folder())).toEqual([]);
  }
});

test("there is one at a time", async () => {
  const { make, begun } = held();
  const backups = create({ make });
  const abort = new AbortController();
  const first = backups.create(abort.signal);
  await begun;
  const second = backups.lend(calm.signal, async () => expect.fail("it was lent"));
  await expect(second).rejects.toMatchObject({ code: "conflict" });
  abort.abort();
  await expect(first).rejects.toThrow("aborted");
});

test("a stop cancels the one that is made", async () => {
  const { make, begun } = held();
  const backups = create({ make });
  const making = backups.create(calm.signal).catch((error: unknown) => String(error));
  const signal = await begun;
  await backups.stop();
  expect(signal.aborted).toBe(true);
  expect(await making).toBe("Error: aborted");
});

test("what a killed server left half goes with the next start, whole ones stay", () => {
  mkdirSync(join(folder(), "b.tar.staging", "spool"), { recursive: true });
  for (const name of ["a.tar", "b.tar.partial", "c.tar.lent"]) writeFileSync(join(folder(), name), "");
  create();
  expect(readdirSync(folder())).toEqual(["a.tar"]);
});

import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeInstanceLock } from "./instance-lock.ts";
import { sampleRecord } from "./sample-record.test-data.ts";
import { attemptOf, commit, createLedger, quietLog } from "./spool.test-data.ts";
import { createSpool } from "./spool.ts";
import { recoverLeftovers, workerSpoolFolder } from "./spool-leftovers.ts";

let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "leftovers-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What a worker leaves that ends between two of its records' ways to the ledger. */
async function leave(worker: number): Promise<void> {
  const spool = await createSpool({
    directory: workerSpoolFolder(directory, worker),
    ledger: {
      insertMany: () => Promise.reject(new Error("the first process is gone")),
      makeDurable: () => Promise.resolve(),
    },
    log: quietLog,
    drainIntervalMs: 60_000,
  });
  spool.begin(attemptOf(sampleRecord(worker + 1)), () => undefined);
  await commit(spool, sampleRecord(worker));
  await spool.close();
}

test("what workers left is handed over, however many there were, and their folders go", async () => {
  await leave(1);
  await leave(17);
  const { ledger, rows } = createLedger();
  const recovery = await recoverLeftovers(directory, ledger);
  expect(recovery).toMatchObject({ interrupted: 2 });
  const outcomes = [...rows].map(([id, { outcome }]) => [id, outcome]);
  expect(Object.fromEntries(outcomes)).toEqual({
    "req_1.1": "stop",
    "req_2.1": "interrupted",
    "req_17.1": "stop",
    "req_18.1": "interrupted",
  });
  expect(existsSync(workerSpoolFolder(directory, 1))).toBe(false);
  expect(existsSync(workerSpoolFolder(directory, 17))).toBe(false);
});

test("a folder that a worker still holds is waited for", async () => {
  await leave(1);
  const lock = takeInstanceLock(workerSpoolFolder(directory, 1));
  const { ledger, rows } = createLedger();
  const recovering = recoverLeftovers(directory, ledger);
  await new Promise((resolve) => setImmediate(resolve));
  expect(rows.size).toBe(0);
  lock.release();
  await recovering;
  expect(rows.size).toBe(2);
});

test("other folders, and a spool that is not there, are left alone", async () => {
  const other = join(directory, "not-a-worker");
  mkdirSync(other);
  const { ledger, rows } = createLedger();
  await recoverLeftovers(directory, ledger);
  await recoverLeftovers(join(directory, "nowhere"), ledger);
  expect(rows.size).toBe(0);
  expect(existsSync(other)).toBe(true);
});

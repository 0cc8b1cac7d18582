import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sampleRecord } from "./sample-record.test-data.ts";
import { createSpool } from "./spool.ts";
import {
  attemptOf,
  begin,
  commit,
  createDisk,
  createLedger,
  formatRecord,
  quietLog,
} from "./spool.test-data.ts";
import { openSpoolFile, type OpenSpoolFile, type SyncMode } from "./spool-file.ts";
import type { Spool, SpoolParts } from "./spool-port.ts";

let directory = "";
const spools: Spool[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "spool-"));
});
afterEach(async () => {
  for (const spool of spools.splice(0)) await spool.close();
  rmSync(directory, { recursive: true });
});

type OpenParts = Partial<SpoolParts> & Pick<SpoolParts, "ledger">;

async function openSpool(parts: OpenParts): Promise<Spool> {
  const spool = await createSpool({ directory, log: quietLog, drainIntervalMs: 60_000, ...parts });
  spools.push(spool);
  return spool;
}

/** What the segments hold. */
function readSegments(): string {
  return readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), "utf8"))
    .join("");
}

/** A spool whose process is gone: nothing more is written, and nothing drained. */
function abandon(spool: Spool): void {
  spools.splice(spools.indexOf(spool), 1);
}

describe.each<SyncMode>(["always", "interval", "never"])("a usage spool that synchronises %s", (sync) => {
  const open = (parts: OpenParts) => openSpool({ sync, ...parts });

  it("has a record on disk when it says so", async () => {
    const first = createLedger();
    const spool = await open({ ledger: first.ledger });
    expect(await commit(spool, sampleRecord(1))).toBeUndefined();
    expect(first.rows.size).toBe(0);
    abandon(spool);
    const second = createLedger();
    const { recovery } = await open({ ledger: second.ledger });
    expect(recovery).toEqual({ records: 1, interrupted: 0, unreadableLines: 0 });
    expect([...second.rows.values()]).toEqual([sampleRecord(1)]);
  });

  it("writes what gathers in one turn together", async () => {
    const disk = createDisk();
    const { ledger, rows } = createLedger();
    const spool = await open({ ledger, openFile: disk.openFile });
    await Promise.all(Array.from({ length: 50 }, (_, number) => commit(spool, sampleRecord(number))));
    expect(disk.state.writes).toBe(1);
    await spool.drain();
    expect(rows.size).toBe(50);
    expect(spool.stats()).toMatchObject({ records: 0, oldestSeconds: 0, bytes: 0 });
  });

  it("notes an attempt that nobody waits for once it runs long", async () => {
    const { ledger } = createLedger();
    const spool = await open({ ledger, markerDelayMs: 5 });
    spool.begin(attemptOf(sampleRecord(1)));
    const second = attemptOf(sampleRecord(2));
    spool.begin(second);
    expect(await commit(spool, sampleRecord(2), second)).toBeUndefined();
    await vi.waitFor(() => expect(readSegments()).toContain("req_1.1"), { timeout: 10_000 });
    abandon(spool);
    expect((await open({ ledger: createLedger().ledger })).recovery).toMatchObject({
      records: 1,
      interrupted: 1,
    });
  });

  it("reads from its segment what a ledger that was down did not take", async () => {
    const { ledger, rows, state } = createLedger();
    const spool = await open({ ledger });
    await commit(spool, sampleRecord(1));
    state.isDown = true;
    await expect(spool.drain()).rejects.toThrow("down");
    await commit(spool, sampleRecord(2));
    state.isDown = false;
    await spool.drain();
    expect([...rows.keys()]).toEqual(["req_1.1", "req_2.1"]);
    await commit(spool, sampleRecord(3));
    await spool.drain();
    expect([...rows.values()]).toEqual([sampleRecord(1), sampleRecord(2), sampleRecord(3)]);
  });

  it("moves records to the ledger by itself", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const spool = await open({
      ledger: { insertMany: (records) => resolve(records.length), async makeDurable() {} },
      drainIntervalMs: 1,
    });
    await commit(spool, sampleRecord(1));
    expect(await promise).toBe(1);
  });

  it("never puts more than 500 rows into one transaction", async () => {
    const { ledger, rows, state } = createLedger();
    const spool = await open({ ledger });
    await Promise.all(Array.from({ length: 1_200 }, (_, number) => commit(spool, sampleRecord(number))));
    await spool.drain();
    expect(rows.size).toBe(1_200);
    expect(state.transactions).toBeGreaterThanOrEqual(3);
  });

  it("does not make an attempt wait for a disk that fails", async () => {
    const disk = createDisk();
    const spool = await open({ ledger: createLedger().ledger, openFile: disk.openFile, retryMs: 1 });
    disk.state.fault = "full";
    await new Promise<void>((noted) => spool.begin(attemptOf(sampleRecord(1)), noted));
    await new Promise<void>((noted) => spool.begin(attemptOf(sampleRecord(2)), noted));
    disk.state.fault = "none";
  });

  it("marks what was open when the server was killed as interrupted, and nothing else", async () => {
    const first = createLedger();
    const spool = await open({ ledger: first.ledger });
    begin(spool, sampleRecord(1));
    const second = begin(spool, sampleRecord(2));
    await commit(spool, sampleRecord(3));
    await commit(spool, sampleRecord(2), second);
    abandon(spool);
    const next = createLedger();
    const { recovery } = await open({ ledger: next.ledger });
    expect(recovery).toEqual({ records: 2, interrupted: 1, unreadableLines: 0 });
    expect(next.rows.get("req_1.1")).toMatchObject({
      outcome: "interrupted",
      usageSource: "none",
      costMicros: null,
    });
    expect(next.rows.get("req_2.1")).toMatchObject({ outcome: "stop" });
  });

  it("carries open attempts on when their segment is deleted", async () => {
    const first = createLedger();
    const spool = await open({ ledger: first.ledger, segmentBytes: 500 });
    begin(spool, sampleRecord(0));
    for (let number = 1; number <= 20; number++) await commit(spool, sampleRecord(number));
    await spool.drain();
    expect(readdirSync(directory).length).toBeLessThan(3);
    expect(first.state.durableRows).toBeGreaterThan(15);
    abandon(spool);
    const { recovery } = await open({ ledger: first.ledger });
    expect(recovery.interrupted).toBe(1);
    expect(first.rows.get("req_0.1")).toMatchObject({ outcome: "interrupted" });
    expect(first.rows.size).toBe(21);
  });

  it("tolerates a torn last line", async () => {
    const spool = await open({ ledger: createLedger().ledger });
    await commit(spool, sampleRecord(1));
    abandon(spool);
    const [name] = readdirSync(directory);
    appendFileSync(join(directory, name ?? ""), formatRecord(sampleRecord(2)).slice(0, 40));
    const second = createLedger();
    const { recovery } = await open({ ledger: second.ledger });
    expect(recovery).toEqual({ records: 1, interrupted: 0, unreadableLines: 1 });
    expect([...second.rows.keys()]).toEqual(["req_1.1"]);
  });

  it("keeps everything on disk while the ledger is down, and empties once it is back", async () => {
    const { ledger, rows, state } = createLedger();
    const spool = await open({ ledger });
    state.isDown = true;
    await commit(spool, sampleRecord(1));
    await expect(spool.drain()).rejects.toThrow("down");
    await commit(spool, sampleRecord(2));
    expect(spool.stats()).toMatchObject({ records: 2 });
    expect(spool.stats().oldestSeconds).toBeGreaterThan(0);
    state.isDown = false;
    await spool.drain();
    expect([...rows.keys()]).toEqual(["req_1.1", "req_2.1"]);
  });

  it("leaves no segment after a clean close", async () => {
    const { ledger, rows, state } = createLedger();
    const spool = await open({ ledger });
    const attempt = begin(spool, sampleRecord(1));
    const committed = commit(spool, sampleRecord(1), attempt);
    await spool.close();
    expect(await committed).toBeUndefined();
    expect(rows.size).toBe(1);
    expect(state.durableRows).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
    expect(await commit(spool, sampleRecord(2))).toMatchObject({ code: "shutting_down" });
  });

  it("keeps the note of what is still open at a close for the next start", async () => {
    const { ledger, rows } = createLedger();
    const spool = await open({ ledger });
    begin(spool, sampleRecord(1));
    await commit(spool, sampleRecord(2));
    await spool.close();
    const { recovery } = await open({ ledger });
    expect(recovery.interrupted).toBe(1);
    expect(rows.get("req_1.1")).toMatchObject({ outcome: "interrupted" });
  });
});

describe.each<SyncMode>(["always", "interval"])("a usage spool on a disk that fails, %s", (sync) => {
  const open = (parts: OpenParts) => openSpool({ sync, ...parts });

  it("lets replies end and writes the records once there is room again", async () => {
    const disk = createDisk();
    const { ledger, rows } = createLedger();
    const spool = await open({ ledger, openFile: disk.openFile, retryMs: 1 });
    disk.state.fault = "full";
    const attempt = begin(spool, sampleRecord(1));
    expect(await commit(spool, sampleRecord(1), attempt)).toBeUndefined();
    expect(await commit(spool, sampleRecord(2))).toBeUndefined();
    expect(spool.stats()).toMatchObject({ records: 2, lostRecords: 0 });
    expect(spool.stats().commitFailures).toBeGreaterThan(0);
    disk.state.fault = "none";
    await spool.close();
    expect([...rows.keys()]).toEqual(["req_1.1", "req_2.1"]);
  });

  it("writes a torn group again, whole and once", async () => {
    const disk = createDisk();
    const { ledger, rows } = createLedger();
    const spool = await open({ ledger, openFile: disk.openFile, retryMs: 1 });
    disk.state.fault = "torn";
    await Promise.all([commit(spool, sampleRecord(1)), commit(spool, sampleRecord(2))]);
    disk.state.fault = "none";
    await spool.close();
    expect([...rows.values()]).toEqual([sampleRecord(1), sampleRecord(2)]);
  });

  it("gives records up beyond its bound, and says so", async () => {
    const disk = createDisk();
    const { ledger, rows } = createLedger();
    const line = formatRecord(sampleRecord(1));
    const spool = await open({
      ledger,
      openFile: disk.openFile,
      maxPendingBytes: 2 * line.length,
      retryMs: 1,
    });
    disk.state.fault = "full";
    expect(await commit(spool, sampleRecord(1))).toBeUndefined();
    expect(await commit(spool, sampleRecord(2))).toBeUndefined();
    expect(await commit(spool, sampleRecord(3))).toMatchObject({ code: "insufficient_storage" });
    expect(spool.stats()).toMatchObject({ records: 2, lostRecords: 1 });
    disk.state.fault = "none";
    await spool.close();
    expect(rows.size).toBe(2);
  });

  it("starts to work when the folder can be written again", async () => {
    const { ledger, rows } = createLedger();
    const state = { isReadOnly: true };
    const openFile: OpenSpoolFile = async (input) => {
      if (state.isReadOnly) throw new Error("EROFS");
      return await openSpoolFile(input);
    };
    const spool = await open({ ledger, openFile, retryMs: 1 });
    expect(await commit(spool, sampleRecord(1))).toBeUndefined();
    state.isReadOnly = false;
    await spool.close();
    expect(rows.size).toBe(1);
  });
});

describe("a usage spool that waits for the disk", () => {
  it("says when a restart would know of an attempt, and not before", async () => {
    const disk = createDisk();
    const first = createLedger();
    const spool = await openSpool({
      sync: "always",
      ledger: first.ledger,
      openFile: disk.openFile,
      stallMs: 60_000,
    });
    await commit(spool, sampleRecord(1));
    disk.state.fault = "hang";
    const noted = Promise.withResolvers<void>();
    const state = { isNoted: false };
    spool.begin(attemptOf(sampleRecord(2)), () => {
      state.isNoted = true;
      noted.resolve();
    });
    await expect.poll(() => disk.state.writes).toBe(2);
    expect(state.isNoted).toBe(false);
    disk.release();
    await noted.promise;
    abandon(spool);
    expect((await openSpool({ ledger: createLedger().ledger })).recovery).toMatchObject({ interrupted: 1 });
  });

  it("lets replies end while a write hangs", async () => {
    const disk = createDisk();
    const { ledger, rows } = createLedger();
    const spool = await openSpool({ sync: "always", ledger, openFile: disk.openFile, stallMs: 5 });
    disk.state.fault = "hang";
    expect(await commit(spool, sampleRecord(1))).toBeUndefined();
    expect(await commit(spool, sampleRecord(2))).toBeUndefined();
    expect(spool.stats()).toMatchObject({ records: 2, commitFailures: 1 });
    disk.state.fault = "none";
    disk.release();
    await spool.close();
    expect([...rows.keys()]).toEqual(["req_1.1", "req_2.1"]);
  });
});

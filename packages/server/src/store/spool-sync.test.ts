import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleRecord } from "./sample-record.test-data.ts";
import { createSpool } from "./spool.ts";
import { begin, commit, createLedger, createSlowDisk, quietLog } from "./spool.test-data.ts";
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

/** A spool whose process is gone: nothing more is written, and nothing drained. */
function abandon(spool: Spool): void {
  spools.splice(spools.indexOf(spool), 1);
}

describe("a usage spool that does not wait for the disk", () => {
  const open = (parts: OpenParts) => openSpool({ sync: "interval", commitIntervalMs: 1, ...parts });

  it("lets replies end before the disk has their records, and asks it soon", async () => {
    const disk = createSlowDisk();
    const spool = await open({ ledger: createLedger().ledger, openFile: disk.openFile });
    expect(await commit(spool, sampleRecord(1))).toBeUndefined();
    await expect.poll(() => disk.flushes.length).toBe(1);
    expect(await commit(spool, sampleRecord(2))).toBeUndefined();
    expect(disk.flushes.length).toBe(1);
    disk.endFlush();
    await expect.poll(() => disk.flushes.length).toBe(1);
    disk.endFlush();
    disk.isSlow = false;
    expect(spool.stats()).toMatchObject({ records: 2, commitFailures: 0 });
  });

  it("loses with the power only what came after the last request to the disk", async () => {
    const disk = createSlowDisk();
    const spool = await open({ ledger: createLedger().ledger, openFile: disk.openFile });
    await commit(spool, sampleRecord(1));
    await expect.poll(() => disk.flushes.length).toBe(1);
    await commit(spool, sampleRecord(2));
    disk.endFlush();
    disk.cutPower();
    abandon(spool);
    const next = createLedger();
    const { recovery } = await openSpool({ ledger: next.ledger });
    expect(recovery).toMatchObject({ records: 1, unreadableLines: 0 });
    expect([...next.rows.keys()]).toEqual(["req_1.1"]);
  });

  it("writes no more to a file that the disk did not take, and loses nothing", async () => {
    const disk = createSlowDisk();
    const { ledger, rows } = createLedger();
    const spool = await open({ ledger, openFile: disk.openFile, retryMs: 1 });
    const stillOpen = begin(spool, sampleRecord(0));
    await commit(spool, sampleRecord(1));
    await expect.poll(() => disk.flushes.length).toBe(1);
    disk.endFlush(new Error("EIO"));
    disk.isSlow = false;
    await expect.poll(() => spool.stats().commitFailures).toBe(1);
    await commit(spool, sampleRecord(2));
    expect(readdirSync(directory)).toHaveLength(2);
    await commit(spool, sampleRecord(0), stillOpen);
    await spool.close();
    expect([...rows.keys()]).toEqual(["req_1.1", "req_2.1", "req_0.1"]);
    expect(readdirSync(directory)).toEqual([]);
  });

  it("tells of a disk that hangs, lets replies end, and stops without it", async () => {
    const disk = createSlowDisk();
    const { ledger, rows } = createLedger();
    const spool = await open({ ledger, openFile: disk.openFile, stallMs: 5 });
    await commit(spool, sampleRecord(1));
    await expect.poll(() => spool.stats().commitFailures).toBe(1);
    expect(await commit(spool, sampleRecord(2))).toBeUndefined();
    const closed = spool.close();
    disk.isSlow = false;
    disk.endFlush();
    await closed;
    expect(rows.size).toBe(2);
  });

  it("has everything on disk when it is closed", async () => {
    const disk = createSlowDisk();
    const { ledger, state } = createLedger();
    state.isDown = true;
    const spool = await open({ ledger, openFile: disk.openFile, commitIntervalMs: 5 });
    await commit(spool, sampleRecord(1));
    disk.isSlow = false;
    await spool.close();
    disk.cutPower();
    const { recovery } = await openSpool({ ledger: createLedger().ledger });
    expect(recovery).toMatchObject({ records: 1 });
  });
});

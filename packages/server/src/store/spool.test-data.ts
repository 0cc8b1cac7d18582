import { readFileSync, writeFileSync } from "node:fs";
import { PlatformError } from "@llm-platform/kit";
import { type LedgerRecord, type OpenAttempt, writeRecord } from "../core/ledger-record.ts";
import { LineWriter } from "../core/line-writer.ts";
import { openSpoolFile, type OpenSpoolFile, type WriteDone } from "./spool-file.ts";
import type { Spool, SpoolLedger } from "./spool-port.ts";

export const quietLog = { debug() {}, info() {}, warn() {}, error() {} };

/** A ledger in memory that can be made to fail. */
export function createLedger() {
  const rows = new Map<string, LedgerRecord>();
  const state = { isDown: false, transactions: 0, durableRows: 0 };
  const ledger: SpoolLedger = {
    insertMany(records) {
      if (state.isDown) throw new PlatformError("unavailable", "down");
      state.transactions++;
      for (const record of records) if (!rows.has(record.attemptId)) rows.set(record.attemptId, record);
    },
    async makeDurable() {
      state.durableRows = rows.size;
    },
  };
  return { ledger, rows, state };
}

export function formatRecord(record: LedgerRecord): string {
  const lines = new LineWriter();
  writeRecord(lines, record);
  return lines.written.toString();
}

/** Real files whose writes fail, or hang, while the switch says so. */
export function createDisk() {
  const state = { fault: "none" as "none" | "full" | "hang" | "torn", writes: 0 };
  const held: (() => void)[] = [];
  const openFile: OpenSpoolFile = async (input) => {
    const file = await openSpoolFile(input);
    return {
      ...file,
      write(bytes: Uint8Array, offset: number, done: WriteDone) {
        state.writes++;
        if (state.fault === "full") setImmediate(done, new Error("ENOSPC"));
        else if (state.fault === "torn")
          file.write(bytes.slice(0, bytes.length - 9), offset, () => done(new Error("ENOSPC")));
        else if (state.fault === "hang") held.push(() => file.write(bytes, offset, done));
        else file.write(bytes, offset, done);
      },
    };
  };
  return { state, openFile, release: () => held.splice(0).forEach((resume) => resume()) };
}

/** Real files that the disk takes only when it is let, and a loss of power that undoes what it did not take. */
export function createSlowDisk() {
  const taken = new Map<string, Buffer>();
  const disk = {
    isSlow: true,
    flushes: [] as ((error?: Error) => void)[],
    openFile: (async (input) => {
      const file = await openSpoolFile(input);
      return {
        ...file,
        flush(done: WriteDone) {
          const content = readFileSync(file.path);
          const end = (error?: Error) => {
            if (error === undefined) taken.set(file.path, content);
            done(error ?? null);
          };
          if (disk.isSlow) disk.flushes.push(end);
          else setImmediate(end);
        },
      };
    }) satisfies OpenSpoolFile,
    endFlush: (error?: Error) => disk.flushes.shift()?.(error),
    cutPower() {
      for (const [path, content] of taken) writeFileSync(path, content);
    },
  };
  return disk;
}

export function attemptOf(start: LedgerRecord): OpenAttempt {
  return { start, place: -1 };
}

export function begin(spool: Spool, record: LedgerRecord): OpenAttempt {
  const attempt = attemptOf(record);
  spool.begin(attempt, () => undefined);
  return attempt;
}

export function commit(
  spool: Spool,
  record: LedgerRecord,
  attempt = attemptOf(record),
): Promise<PlatformError | undefined> {
  return new Promise((resolve) => spool.commit(attempt, record, resolve));
}

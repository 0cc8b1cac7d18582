import { unlink } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "@llm-platform/kit";
import { type LedgerRecord, parseSpoolLine } from "../core/ledger-record.ts";
import { readLines } from "./spool-lines.ts";
import type { SpoolLedger } from "./spool-port.ts";

/** A segment as the drain sees it: the writer moves `writtenBytes` on, the drain `drainedBytes`. */
export interface Segment {
  readonly path: string;
  writtenBytes: number;
  drainedBytes: number;
  /** Nothing will be appended any more. */
  isClosed: boolean;
}

export interface DrainParts {
  readonly ledger: SpoolLedger;
  readonly log: Log;
  /** Oldest first; emptied segments are taken out. */
  readonly segments: Segment[];
  onDrained(records: number): void;
}

/** A transaction of this many blocks the event loop for about three milliseconds. */
const rowsPerTransaction = 500;

/** Moves what is written into the ledger, then deletes segments that are closed and empty. Rejects as the ledger does. */
export async function drainSegments({ ledger, log, segments, onDrained }: DrainParts): Promise<void> {
  for (const segment of segments) {
    if (segment.drainedBytes >= segment.writtenBytes) continue;
    for await (const { lines, nextOffset } of readLines({
      path: segment.path,
      from: segment.drainedBytes,
      until: segment.writtenBytes,
    })) {
      const records = parseRecords(lines, log);
      await insertInTurns(ledger, records);
      segment.drainedBytes = nextOffset;
      onDrained(records.length);
    }
  }
  await deleteEmptied(ledger, segments);
}

/** Inserts in transactions of a bounded size, with room for other work between them. */
export async function insertInTurns(ledger: SpoolLedger, records: readonly LedgerRecord[]): Promise<void> {
  for (let from = 0; from < records.length; from += rowsPerTransaction) {
    ledger.insertMany(records.slice(from, from + rowsPerTransaction));
    await nextTurn();
  }
}

function parseRecords(lines: readonly string[], log: Log): readonly LedgerRecord[] {
  const records: LedgerRecord[] = [];
  for (const line of lines) {
    const parsed = parseSpoolLine(line);
    if (parsed === undefined) log.warn("spool.line_unreadable", { characters: line.length });
    else if (parsed.type === "end") records.push(parsed.record);
  }
  return records;
}

/** The rows must survive a loss of power before the only other copy of them goes. */
async function deleteEmptied(ledger: SpoolLedger, segments: Segment[]): Promise<void> {
  const emptied = segments.filter(
    (segment) => segment.isClosed && segment.drainedBytes >= segment.writtenBytes,
  );
  if (emptied.length === 0) return;
  await ledger.makeDurable();
  for (const segment of emptied) {
    await unlink(segment.path);
    segments.splice(segments.indexOf(segment), 1);
  }
}

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
  /** All records between `drainedBytes` and `writtenBytes`; undefined when they are too many to hold, and must be read. */
  recent: LedgerRecord[] | undefined;
}

/** Records that a segment holds in memory for the drain, beside those on disk. */
const mostRecent = 10_000;

/** Notes that bytes were appended to a segment, and the records in them. */
export function noteWritten(segment: Segment, bytes: number, records: readonly LedgerRecord[]): void {
  segment.writtenBytes += bytes;
  if (segment.recent === undefined) return;
  if (segment.recent.length + records.length > mostRecent) segment.recent = undefined;
  else for (const record of records) segment.recent.push(record);
}

export interface DrainParts {
  readonly ledger: SpoolLedger;
  readonly log: Log;
  /** Oldest first; emptied segments are taken out. */
  readonly segments: Segment[];
  onDrained(records: number): void;
}

/**
 * Where the ledger does not say. With SQLite a transaction blocks the event loop, and the calls of that time wait longer:
 * measured, one of 32 rows for 0.2 ms, one of 96 for 0.4. So the small ones are taken while they keep up, and the large
 * ones, which cost a sixth less for each row, when there is much to do.
 */
const fewRows = 32;
const manyRows = 96;
const muchToDo = 256;

/** Rows of a transaction. @param records how many there are to move, where that is known */
export function transactionRows({ rowsPerTransaction }: SpoolLedger, records = 0): number {
  return rowsPerTransaction ?? (records > muchToDo ? manyRows : fewRows);
}

/** Moves what is written into the ledger, then deletes segments that are closed and empty. Rejects as the ledger does. */
export async function drainSegments({ ledger, log, segments, onDrained }: DrainParts): Promise<void> {
  for (const segment of segments) {
    if (segment.drainedBytes >= segment.writtenBytes) continue;
    const records = segment.recent;
    if (records === undefined) await drainFile({ ledger, log, onDrained }, segment);
    else await drainMemory({ ledger, onDrained }, segment, records);
  }
  await deleteEmptied(ledger, segments);
}

async function drainMemory(
  { ledger, onDrained }: Pick<DrainParts, "ledger" | "onDrained">,
  segment: Segment,
  records: readonly LedgerRecord[],
): Promise<void> {
  const nextOffset = segment.writtenBytes;
  segment.recent = [];
  try {
    await insertInTurns(ledger, records);
  } catch (error) {
    segment.recent = undefined;
    throw error;
  }
  segment.drainedBytes = nextOffset;
  onDrained(records.length);
}

async function drainFile(
  { ledger, log, onDrained }: Pick<DrainParts, "ledger" | "log" | "onDrained">,
  segment: Segment,
): Promise<void> {
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
  // Nothing was written meanwhile: from here on memory has it all again.
  if (segment.drainedBytes === segment.writtenBytes) segment.recent = [];
}

/** Inserts in transactions of a bounded size, with room for other work between them. */
export async function insertInTurns(ledger: SpoolLedger, records: readonly LedgerRecord[]): Promise<void> {
  const rows = transactionRows(ledger, records.length);
  for (let from = 0; from < records.length; from += rows) {
    await ledger.insertMany(records.slice(from, from + rows));
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

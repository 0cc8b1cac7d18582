import { stat, unlink } from "node:fs/promises";
import {
  interruptedRecord,
  type LedgerRecord,
  parseSpoolLine,
  type RecordStart,
} from "../core/ledger-record.ts";
import { insertInTurns } from "./spool-drain.ts";
import { listSpoolFiles } from "./spool-file.ts";
import { readLines } from "./spool-lines.ts";
import type { Recovery, SpoolLedger } from "./spool-port.ts";

export interface RecoveryOutcome extends Recovery {
  /** Number for the first segment of this server. */
  readonly nextNumber: number;
}

/**
 * Hands everything that the server before left in a folder to the ledger, marks what was open as `interrupted`,
 * and deletes the segments. Doing it twice, after a kill half-way, changes nothing.
 */
export async function recoverSpool(directory: string, ledger: SpoolLedger): Promise<RecoveryOutcome> {
  const files = await listSpoolFiles(directory);
  const open = new Map<string, RecordStart>();
  let records = 0;
  let unreadableLines = 0;
  for (const { path } of files) {
    const { size } = await stat(path);
    for await (const { lines } of readLines({ path, from: 0, until: size })) {
      const finished: LedgerRecord[] = [];
      for (const line of lines) {
        const parsed = parseSpoolLine(line);
        if (parsed === undefined) unreadableLines++;
        else if (parsed.type === "start") open.set(parsed.start.attemptId, parsed.start);
        else {
          open.delete(parsed.record.attemptId);
          finished.push(parsed.record);
        }
      }
      await insertInTurns(ledger, finished);
      records += finished.length;
    }
  }
  await insertInTurns(ledger, [...open.values()].map(interruptedRecord));
  if (files.length > 0) await ledger.makeDurable();
  for (const { path } of files) await unlink(path);
  return { records, interrupted: open.size, unreadableLines, nextNumber: (files.at(-1)?.number ?? 0) + 1 };
}

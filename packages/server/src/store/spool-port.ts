import type { Log, PlatformError } from "@llm-platform/kit";
import type { LedgerRecord, OpenAttempt } from "../core/ledger-record.ts";
import type { OpenSpoolFile, SyncMode } from "./spool-file.ts";

/** Where the spool empties itself into. */
export interface SpoolLedger {
  /** How many records a transaction is to have at most. Default 100. */
  readonly rowsPerTransaction?: number;
  /**
   * In one transaction; a record whose attempt is there already is left out. Throws or rejects with PlatformError
   * `unavailable`. A promise comes from a ledger in another process.
   */
  insertMany(records: readonly LedgerRecord[]): void | Promise<void>;
  /** Resolves when everything inserted so far survives a loss of power. */
  makeDurable(): Promise<void>;
}

export interface SpoolParts {
  /** Made when it is missing. */
  readonly directory: string;
  readonly ledger: SpoolLedger;
  readonly log: Log;
  /** When the disk itself has a record. Default `interval`. */
  readonly sync?: SyncMode;
  /**
   * Milliseconds, 0 to 5, default 4. With `interval` the longest time from a record's write to the request that the disk
   * takes it; with `always` the shortest time between two commits, in which records gather.
   */
  readonly commitIntervalMs?: number;
  /** A segment that has grown beyond this is followed by a new one. Default 8 MiB. */
  readonly segmentBytes?: number;
  /** Records that could not be written yet are held up to this many bytes of lines. Default 10 Mi. */
  readonly maxPendingBytes?: number;
  /** Longest wait before written records are moved to the ledger; a tenth of it once a transaction full is there. Default 100. */
  readonly drainIntervalMs?: number;
  /** Longest wait between two tries to write to a disk that fails. Default 1,000. */
  readonly retryMs?: number;
  /** A write that takes longer counts as failed, so that replies do not hang with the disk. Default 2,000. */
  readonly stallMs?: number;
  /** How long an attempt runs before it is noted that nobody waits to see noted, at most twice that. Default 50. */
  readonly markerDelayMs?: number;
  /** How a segment is opened. Default: the file system's. */
  readonly openFile?: OpenSpoolFile;
}

/** Figures for the gauges. */
export interface SpoolStats {
  /** Finished records that are not in the ledger yet. */
  readonly records: number;
  /** How long the oldest of them has waited; 0 when there is none. */
  readonly oldestSeconds: number;
  /** Size of the segments on disk and of what waits to be written. */
  readonly bytes: number;
  /** Times that writing to disk failed, since the start. */
  readonly commitFailures: number;
  /** Records given up because the disk failed for too long, since the start. */
  readonly lostRecords: number;
}

/** What start-up found in the segments of the server before. */
export interface Recovery {
  /** Finished records handed to the ledger; those that it had already are among them. */
  readonly records: number;
  /** Attempts that were open when that server ended. */
  readonly interrupted: number;
  /** Lines that were torn or not ours. */
  readonly unreadableLines: number;
}

/**
 * Keeps usage records beyond the end of the process before their replies end, cheaply: all that gather are written
 * together. What a loss of power takes is up to `sync`.
 *
 * While the disk fails it keeps trying and holds records in memory up to `maxPendingBytes`.
 */
export interface Spool {
  /** What the server before left behind; it is in the ledger already. */
  readonly recovery: Recovery;
  /**
   * Notes an attempt that begins. Never waits. With `noted` that is written at once, and `noted` runs once, never within
   * this call: when a restart would know of the attempt, or at once while the disk fails or hangs, and after `close`.
   * Without, it is written once the attempt has run for `markerDelayMs`: those that end sooner leave only their record.
   */
  begin(attempt: OpenAttempt, noted?: () => void): void;
  /**
   * Takes the record of an attempt that ended. `done` runs once, never within this call: without an error when the
   * record is written, or held in memory because the disk fails or hangs; with PlatformError `insufficient_storage`
   * when memory is full too and the record is lost, `shutting_down` after `close`.
   */
  commit(attempt: OpenAttempt, record: LedgerRecord, done: (error?: PlatformError) => void): void;
  /** Moves what is on disk into the ledger now. Rejects when the ledger is not to be had. */
  drain(): Promise<void>;
  stats(): SpoolStats;
  /** Whether the disk has failed for so long that a further record would be lost. */
  readonly isFull: boolean;
  /** Writes and drains everything, then lets go. What the ledger does not take stays on disk for the next start. */
  close(): Promise<void>;
}

import { mkdir } from "node:fs/promises";
import { type Log, PlatformError, toPlatformError } from "@llm-platform/kit";
import { type LedgerRecord, type OpenAttempt, writeRecord } from "../core/ledger-record.ts";
import { LineWriter } from "../core/line-writer.ts";
import { OpenAttempts } from "./open-attempts.ts";
import { drainSegments, noteWritten, type Segment, transactionRows } from "./spool-drain.ts";
import { type OpenSpoolFile, openSpoolFile, type SpoolFile, type SyncMode } from "./spool-file.ts";
import type { Recovery, Spool, SpoolLedger, SpoolParts, SpoolStats } from "./spool-port.ts";
import { recoverSpool } from "./spool-recovery.ts";
import { SpoolSync } from "./spool-sync.ts";
import { toStorageError } from "./storage-error.ts";

/**
 * Opens the spool of a folder, after handing what the server before left there to the ledger.
 * Rejects with PlatformError `unavailable` when the folder or the ledger cannot be used.
 */
export async function createSpool(parts: SpoolParts): Promise<Spool> {
  try {
    await mkdir(parts.directory, { recursive: true, mode: 0o700 });
    const { nextNumber, ...recovery } = await recoverSpool(parts.directory, parts.ledger);
    return new UsageSpool(parts, { recovery, nextNumber });
  } catch (error) {
    throw toStorageError(error);
  }
}

type Done = (error?: PlatformError) => void;

interface Beginning {
  readonly recovery: Recovery;
  readonly nextNumber: number;
}

class UsageSpool implements Spool {
  readonly recovery: Recovery;
  readonly #directory: string;
  readonly #ledger: SpoolLedger;
  readonly #log: Log;
  /** Shortest time between two writes. */
  readonly #writeIntervalMs: number;
  readonly #syncMode: SyncMode;
  /** What has the disk take it after the write; undefined where the write does, or nothing. */
  readonly #sync: SpoolSync | undefined;
  readonly #segmentBytes: number;
  readonly #maxPendingBytes: number;
  readonly #drainIntervalMs: number;
  readonly #retryMs: number;
  readonly #stallMs: number;
  readonly #openFile: OpenSpoolFile;

  readonly #open: OpenAttempts;
  /** Lines that gather, their records, and who waits for them. */
  #lines = new LineWriter();
  #records: LedgerRecord[] = [];
  #waiting: Done[] = [];
  /** The same of the group that is being written. */
  #groupLines = new LineWriter();
  #groupRecords: LedgerRecord[] = [];
  #groupWaiting: Done[] = [];

  #nextNumber: number;
  #file: SpoolFile | undefined;
  /** A disk that once failed to take what a file holds may have thrown it away: nothing more is written to that file. */
  #isFileSpent = false;
  readonly #segments: Segment[] = [];
  #isWriting = false;
  #isScheduled = false;
  #isFailing = false;
  #isClosing = false;
  #isClosed = false;
  #closed: Promise<void> | undefined;
  #triesWhileClosing = 0;
  #lastWriteAtMs = Number.NEGATIVE_INFINITY;
  #onIdle: (() => void) | undefined;

  #undrained = 0;
  #oldestAtMs: number | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #isDrainFailing = false;
  #isDrainSoon = false;
  #commitFailures = 0;
  #lostRecords = 0;

  constructor(parts: SpoolParts, { recovery, nextNumber }: Beginning) {
    this.recovery = recovery;
    this.#nextNumber = nextNumber;
    this.#directory = parts.directory;
    this.#ledger = parts.ledger;
    this.#log = parts.log;
    const commitIntervalMs = parts.commitIntervalMs ?? 4;
    this.#syncMode = parts.sync ?? "interval";
    this.#writeIntervalMs = this.#syncMode === "always" ? commitIntervalMs : 0;
    this.#segmentBytes = parts.segmentBytes ?? 8 * 1024 * 1024;
    this.#maxPendingBytes = parts.maxPendingBytes ?? 10 * 1024 * 1024;
    this.#drainIntervalMs = parts.drainIntervalMs ?? 100;
    this.#retryMs = parts.retryMs ?? 1_000;
    this.#stallMs = parts.stallMs ?? 2_000;
    this.#open = new OpenAttempts(parts.markerDelayMs ?? 50, () => this.#schedule());
    this.#openFile = parts.openFile ?? openSpoolFile;
    if (this.#syncMode === "interval") this.#sync = this.#createSync(commitIntervalMs);
  }

  #createSync(intervalMs: number): SpoolSync {
    return new SpoolSync({
      log: this.#log,
      intervalMs,
      retryMs: this.#retryMs,
      stallMs: this.#stallMs,
      onFailure: (file) => {
        this.#commitFailures++;
        if (file !== undefined && file === this.#file) this.#isFileSpent = true;
      },
    });
  }

  begin(attempt: OpenAttempt, noted?: () => void): void {
    if (noted === undefined) {
      this.#open.begin(attempt);
      return;
    }
    this.#open.beginDue(attempt);
    if (this.#isFailing || this.#isClosed) setImmediate(noted);
    else this.#waiting.push(noted);
    this.#schedule();
  }

  commit(attempt: OpenAttempt, record: LedgerRecord, done: Done): void {
    this.#open.end(attempt);
    const before = this.#lines.length;
    writeRecord(this.#lines, record);
    if (this.#isClosed || this.isFull) {
      this.#lines.truncate(before);
      this.#lose(done);
      return;
    }
    this.#records.push(record);
    if (this.#isFailing) setImmediate(done);
    else this.#waiting.push(done);
    this.#schedule();
  }

  async drain(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
    await this.#startDrain();
  }

  get #pendingBytes(): number {
    return this.#lines.length + this.#groupLines.length;
  }

  get #pendingRecords(): number {
    return this.#records.length + this.#groupRecords.length;
  }

  get isFull(): boolean {
    return this.#pendingBytes > this.#maxPendingBytes;
  }

  stats(): SpoolStats {
    return {
      records: this.#undrained + this.#pendingRecords,
      oldestSeconds: this.#oldestAtMs === undefined ? 0 : (performance.now() - this.#oldestAtMs) / 1_000,
      bytes: this.#segments.reduce(
        (sum, { writtenBytes, drainedBytes }) => sum + writtenBytes - drainedBytes,
        this.#pendingBytes,
      ),
      commitFailures: this.#commitFailures,
      lostRecords: this.#lostRecords,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeOnce();
    return this.#closed;
  }

  async #closeOnce(): Promise<void> {
    this.#isClosing = true;
    this.#open.stop();
    await this.#whenWritten();
    this.#isClosed = true;
    clearTimeout(this.#drainTimer);
    this.#drainTimer = undefined;
    // Attempts that are still open stay noted in the last segment, for the next start to mark.
    const mayGo = this.#open.size === 0 && !this.#isFailing;
    for (const segment of this.#segments) segment.isClosed = segment.isClosed || mayGo;
    await this.#sync?.finish();
    this.#file?.close();
    try {
      await this.drain();
    } catch (error) {
      this.#log.warn("spool.left_for_next_start", { records: this.#undrained, error });
    }
  }

  #lose(done: Done): void {
    if (this.#lostRecords === 0) this.#log.error("spool.record_lost", { pendingBytes: this.#pendingBytes });
    this.#lostRecords++;
    const error = this.#isClosed
      ? new PlatformError("shutting_down", "The server is stopping; the usage of this call was not recorded.")
      : new PlatformError(
          "insufficient_storage",
          "The usage of this call could be kept neither on disk nor in memory. Free some disk space.",
        );
    setImmediate(done, error);
  }

  /** Writes at the end of this turn of the event loop, but not sooner than the interval after the last write. */
  #schedule(): void {
    if (this.#isWriting || this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#oldestAtMs ??= performance.now();
    const intervalMs = this.#isFailing ? this.#retryMs : this.#writeIntervalMs;
    const waitMs = this.#isClosing ? 0 : this.#lastWriteAtMs + intervalMs - performance.now();
    if (waitMs > 0) setTimeout(this.#flush, waitMs);
    else setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    if (this.#isWriting || this.#isClosed) return;
    this.#isScheduled = false;
    if (this.#lines.length === 0 && !this.#open.hasDue) {
      this.#onIdle?.();
      return;
    }
    this.#isWriting = true;
    if (this.#isClosing) this.#triesWhileClosing++;
    this.#lastWriteAtMs = performance.now();
    const current = this.#segments.at(-1);
    const isUsable = current !== undefined && current.writtenBytes < this.#segmentBytes && !this.#isFileSpent;
    if (this.#file !== undefined && isUsable) this.#write(this.#file, current);
    else void this.#writeToNext(current);
  };

  /** A segment begins with the markers of all open attempts, so that those before it need not be kept for them. */
  async #writeToNext(full: Segment | undefined): Promise<void> {
    try {
      const file = await this.#openFile({
        directory: this.#directory,
        number: this.#nextNumber,
        sync: this.#syncMode,
      });
      this.#nextNumber++;
      this.#retireFile();
      this.#file = file;
      this.#isFileSpent = false;
      if (full !== undefined) full.isClosed = true;
      const segment: Segment = {
        path: file.path,
        writtenBytes: 0,
        drainedBytes: 0,
        isClosed: false,
        recent: [],
      };
      this.#segments.push(segment);
      this.#open.renew();
      this.#write(file, segment);
    } catch (error) {
      this.#fail(error);
    }
  }

  #retireFile(): void {
    if (this.#file === undefined) return;
    if (this.#sync === undefined) this.#file.close();
    else this.#sync.retire(this.#file);
  }

  #write(file: SpoolFile, segment: Segment): void {
    this.#takeGroup();
    const bytes = this.#groupLines.written;
    const stallTimer = this.#syncMode === "always" ? setTimeout(this.#onStall, this.#stallMs) : undefined;
    file.write(bytes, segment.writtenBytes, (error) => {
      clearTimeout(stallTimer);
      if (error === null) {
        this.#sync?.noteWritten(file);
        this.#onWritten(segment, bytes.length);
      } else this.#onWriteFailed(error);
    });
  }

  /** What has gathered is the group now. Of the last one nothing is left by then. */
  #takeGroup(): void {
    this.#open.writeMarkers(this.#lines);
    [this.#groupLines, this.#lines] = [this.#lines, this.#groupLines];
    this.#groupRecords = this.#records;
    this.#records = [];
    this.#groupWaiting = this.#waiting;
    this.#waiting = [];
  }

  #onWritten(segment: Segment, bytes: number): void {
    const records = this.#groupRecords;
    const finished = this.#groupWaiting;
    this.#groupLines.clear();
    this.#groupRecords = [];
    this.#groupWaiting = [];
    noteWritten(segment, bytes, records);
    this.#undrained += records.length;
    if (this.#isFailing) this.#log.info("spool.disk_recovered", { records: records.length });
    this.#isFailing = false;
    this.#isWriting = false;
    if (this.#lines.length > 0 || this.#open.hasDue) this.#schedule();
    else this.#onIdle?.();
    this.#scheduleDrain();
    for (const done of finished) done();
  }

  /** What was written in part is written over: the group comes again, whole, with what has gathered since. */
  #onWriteFailed(error: Error): void {
    this.#groupLines.append(this.#lines.written);
    this.#lines.clear();
    [this.#groupLines, this.#lines] = [this.#lines, this.#groupLines];
    this.#records = [...this.#groupRecords, ...this.#records];
    this.#groupRecords = [];
    this.#fail(error);
  }

  /** Replies do not wait for a disk that fails: what they wait for is kept in memory and tried again. */
  #fail(error: unknown): void {
    this.#noteFailure(error);
    this.#isWriting = false;
    // The last chance is a write that began after the close did.
    if (this.#isClosing && this.#triesWhileClosing > 0) this.#onIdle?.();
    else this.#schedule();
  }

  readonly #onStall = (): void =>
    this.#noteFailure(new Error(`a write took longer than ${this.#stallMs} ms`));

  #noteFailure(error: unknown): void {
    this.#commitFailures++;
    if (!this.#isFailing) this.#log.error("spool.write_failed", { error: toPlatformError(error) });
    this.#isFailing = true;
    const released = [...this.#groupWaiting, ...this.#waiting];
    this.#groupWaiting = [];
    this.#waiting = [];
    for (const done of released) done();
  }

  /** Few records wait for more, so that an idle server does little; many are moved soon, before moving them takes long. */
  #scheduleDrain(): void {
    if (this.#draining !== undefined || this.#isClosed) return;
    const isSoon = this.#undrained >= transactionRows(this.#ledger) && !this.#isDrainFailing;
    if (this.#drainTimer !== undefined) {
      if (!isSoon || this.#isDrainSoon) return;
      clearTimeout(this.#drainTimer);
    } else if (this.#segments.every(({ drainedBytes, writtenBytes }) => drainedBytes >= writtenBytes)) return;
    this.#isDrainSoon = isSoon;
    const waitMs = this.#drainIntervalMs * (this.#isDrainFailing ? 4 : isSoon ? 0.1 : 1);
    this.#drainTimer = setTimeout(() => {
      this.#drainTimer = undefined;
      this.#startDrain().catch(() => {
        // Told to the log; what is on disk is tried again with the next drain.
      });
    }, waitMs);
  }

  async #startDrain(): Promise<void> {
    const startedAtMs = performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#draining = promise;
    try {
      await drainSegments({
        ledger: this.#ledger,
        log: this.#log,
        segments: this.#segments,
        onDrained: (records) => {
          this.#undrained -= records;
        },
      });
      this.#oldestAtMs = this.#undrained + this.#pendingRecords > 0 ? startedAtMs : undefined;
      if (this.#isDrainFailing) this.#log.info("spool.drain_recovered");
      this.#isDrainFailing = false;
    } catch (error) {
      if (!this.#isDrainFailing) this.#log.warn("spool.drain_failed", { records: this.#undrained, error });
      this.#isDrainFailing = true;
      throw error;
    } finally {
      this.#draining = undefined;
      resolve();
      this.#scheduleDrain();
    }
  }

  /** Resolves when everything is on disk, or the disk fails. */
  #whenWritten(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#isWriting) return;
      this.#isScheduled = false;
      this.#schedule();
    });
  }
}

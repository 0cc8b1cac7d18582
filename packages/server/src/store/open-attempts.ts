import { type OpenAttempt, writeStartMarker } from "../core/ledger-record.ts";
import type { LineWriter } from "../core/line-writer.ts";
import { Roster } from "../core/roster.ts";

/** Above this many that wait for a disk that fails, those that have ended are dropped. */
const mostIdle = 1_000;

/**
 * The attempts that have begun and not ended, and which of them are to be marked on disk next.
 *
 * Most attempts end within milliseconds, and their record then says all: a marker is for those that run long.
 */
export class OpenAttempts {
  readonly #delayMs: number;
  readonly #onDue: () => void;
  readonly #open = new Roster<OpenAttempt>();
  /** Those whose marker is to be written next. */
  #due: OpenAttempt[] = [];
  /** Those that began since the last look, and those from before it. */
  #young: OpenAttempt[] = [];
  #older: OpenAttempt[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /**
   * @param delayMs an attempt is due after this time, and at the latest after twice of it
   * @param onDue called when some have come due by their age
   */
  constructor(delayMs: number, onDue: () => void) {
    this.#delayMs = delayMs;
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#open.size;
  }

  get hasDue(): boolean {
    return this.#due.length > 0;
  }

  /** An attempt whose marker is due when it runs long. */
  begin(attempt: OpenAttempt): void {
    this.#open.add(attempt);
    if (this.#isStopped) return;
    this.#young.push(attempt);
    this.#timer ??= setTimeout(this.#look, this.#delayMs);
  }

  /** An attempt whose marker is due at once. */
  beginDue(attempt: OpenAttempt): void {
    this.#open.add(attempt);
    this.#due.push(attempt);
    if (this.#due.length > 2 * this.#open.size + mostIdle) this.#due = this.#stillOpen(this.#due);
  }

  end(attempt: OpenAttempt): void {
    this.#open.delete(attempt);
  }

  /** Writes the markers that are due. An attempt that ended before its marker was written needs none. */
  writeMarkers(lines: LineWriter): void {
    if (this.#due.length === 0) return;
    for (const attempt of this.#due) if (this.#open.has(attempt)) writeStartMarker(lines, attempt.start);
    this.#due = [];
  }

  /** Every open attempt is due: a file begins that may outlive those before it. */
  renew(): void {
    this.#due = [...this.#open.list()];
  }

  /** Every attempt that is not marked yet is due; no more come due by their age. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const attempt of this.#older) this.#due.push(attempt);
    for (const attempt of this.#young) this.#due.push(attempt);
  }

  #stillOpen(attempts: readonly OpenAttempt[]): OpenAttempt[] {
    return attempts.filter((each) => this.#open.has(each));
  }

  /** Those that are still open one look after the one that first saw them are due. */
  readonly #look = (): void => {
    this.#timer = undefined;
    for (const attempt of this.#stillOpen(this.#older)) this.#due.push(attempt);
    this.#older = this.#stillOpen(this.#young);
    this.#young = [];
    if (this.#older.length > 0) this.#timer = setTimeout(this.#look, this.#delayMs);
    if (this.#due.length > 0) this.#onDue();
  };
}

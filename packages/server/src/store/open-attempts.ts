import { formatStartMarker, type RecordStart } from "../core/ledger-record.ts";

/** Above this many ids that wait for a disk that fails, those of ended attempts are dropped. */
const mostIdleIds = 1_000;

/**
 * The attempts that have begun and not ended, and which of them are to be marked on disk next.
 *
 * Most attempts end within milliseconds, and their record then says all: a marker is for those that run long.
 */
export class OpenAttempts {
  readonly #delayMs: number;
  readonly #onDue: () => void;
  readonly #open = new Map<string, RecordStart>();
  /** Those whose marker is to be written next, by their ids. */
  #due: string[] = [];
  /** Those that began since the last look, and those from before it. */
  #young: string[] = [];
  #older: string[] = [];
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
  begin(start: RecordStart): void {
    this.#open.set(start.attemptId, start);
    this.#young.push(start.attemptId);
    if (!this.#isStopped) this.#timer ??= setTimeout(this.#look, this.#delayMs);
  }

  /** An attempt whose marker is due at once. */
  beginDue(start: RecordStart): void {
    this.#open.set(start.attemptId, start);
    this.#due.push(start.attemptId);
    if (this.#due.length > 2 * this.#open.size + mostIdleIds)
      this.#due = this.#due.filter((each) => this.#open.has(each));
  }

  end(attemptId: string): void {
    this.#open.delete(attemptId);
  }

  /** The markers that are due. An attempt that ended before its marker was written needs none. */
  takeMarkers(): string {
    let text = "";
    for (const id of this.#due) {
      const start = this.#open.get(id);
      if (start !== undefined) text += formatStartMarker(start);
    }
    this.#due = [];
    return text;
  }

  /** Every open attempt is due: a file begins that may outlive those before it. */
  renew(): void {
    this.#due = [...this.#open.keys()];
  }

  /** Every attempt that is not marked yet is due; no more come due by their age. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const id of this.#older) this.#due.push(id);
    for (const id of this.#young) this.#due.push(id);
  }

  /** Those that are still open one look after the one that first saw them are due. */
  readonly #look = (): void => {
    this.#timer = undefined;
    for (const id of this.#older) if (this.#open.has(id)) this.#due.push(id);
    this.#older = this.#young;
    this.#young = [];
    if (this.#older.length > 0) this.#timer = setTimeout(this.#look, this.#delayMs);
    if (this.#due.length > 0) this.#onDue();
  };
}

import { type Log, toPlatformError } from "@llm-platform/kit";
import type { SpoolFile } from "./spool-file.ts";

export interface SpoolSyncParts {
  readonly log: Log;
  /** Longest time from a write to the request that the disk takes it, in milliseconds. */
  readonly intervalMs: number;
  /** The same after a failure. */
  readonly retryMs: number;
  /** A request that takes longer counts as failed, in milliseconds. */
  readonly stallMs: number;
  /**
   * The disk did not take what was written, or has not yet.
   * @param file the one that it will not take any more; undefined while it may still
   */
  onFailure(file: SpoolFile | undefined): void;
}

/** Has the disk take what the operating system holds of the spool, again and again, while there is something. */
export class SpoolSync {
  readonly #parts: SpoolSyncParts;
  #file: SpoolFile | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isRunning = false;
  #isFailing = false;
  #onIdle: (() => void) | undefined;

  constructor(parts: SpoolSyncParts) {
    this.#parts = parts;
  }

  /** Notes that something was written. */
  noteWritten(file: SpoolFile): void {
    this.#file = file;
    if (this.#timer === undefined && !this.#isRunning) this.#schedule();
  }

  /** Closes a file that nothing more is written to, once the disk has it. */
  retire(file: SpoolFile): void {
    if (this.#file === file) this.#file = undefined;
    file.flush((error) => {
      if (error !== null) this.#fail(error, file);
      file.close();
    });
  }

  /** Resolves when the disk has everything, or has failed. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      clearTimeout(this.#timer);
      if (!this.#isRunning) this.#run();
    });
  }

  #schedule(): void {
    this.#timer = setTimeout(this.#run, this.#isFailing ? this.#parts.retryMs : this.#parts.intervalMs);
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) {
      this.#onIdle?.();
      return;
    }
    this.#isRunning = true;
    const { stallMs } = this.#parts;
    const stallTimer = setTimeout(() => {
      this.#fail(new Error(`the disk did not take what was written within ${stallMs} ms`), undefined);
      this.#onIdle?.();
    }, stallMs);
    file.flush((error) => {
      clearTimeout(stallTimer);
      this.#isRunning = false;
      if (error === null) this.#succeed();
      else this.#fail(error, file);
      if (this.#onIdle !== undefined) this.#run();
      else if (this.#file !== undefined) this.#schedule();
    });
  };

  #succeed(): void {
    if (this.#isFailing) this.#parts.log.info("spool.sync_recovered");
    this.#isFailing = false;
  }

  #fail(error: Error, file: SpoolFile | undefined): void {
    if (!this.#isFailing) this.#parts.log.error("spool.sync_failed", { error: toPlatformError(error) });
    this.#isFailing = true;
    this.#parts.onFailure(file);
  }
}

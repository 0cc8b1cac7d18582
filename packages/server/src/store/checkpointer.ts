import { extname } from "node:path";
import { Worker } from "node:worker_threads";

/**
 * Writes SQLite's write-ahead log back into the database in a thread of its own.
 *
 * A checkpoint waits for the disk, measured 30 to 250 ms each; on the main thread every call would wait with it.
 */
export interface Checkpointer {
  /** Notes one transaction. A checkpoint starts when enough of them have gathered. */
  noteTransaction(rows: number): void;
  /**
   * Writes everything back and leaves the log empty, so that nothing stands in it that was replaced since.
   * Resolves with whether that worked.
   */
  emptyLog(): Promise<boolean>;
  /** How many have been done. */
  readonly checkpoints: number;
  stop(): Promise<void>;
}

type Mode = "passive" | "truncate";

/** Rows of the ledger fill about this many to a page of the log; each transaction adds a few pages of its own. */
const rowsPerPage = 8;
const pagesPerTransaction = 3;

/** @param everyPages how long the log gets before it is written back. Default 4,000 pages, 16 MiB */
export function createCheckpointer(databasePath: string, everyPages = 4_000): Checkpointer {
  let worker: Worker | undefined;
  let pages = 0;
  let isBusy = false;
  let checkpoints = 0;
  /** Those who wait for the log to be empty, in the order in which they asked. */
  const waiting: ((isDone: boolean) => void)[] = [];

  function giveUp(): void {
    for (const resolve of waiting.splice(0)) resolve(false);
  }

  function startWorker(): Worker {
    const program = new URL(`./checkpoint-worker${extname(import.meta.filename)}`, import.meta.url);
    const started = new Worker(program, { workerData: databasePath });
    started.unref();
    started.on("message", ({ mode, isDone }: { readonly mode: Mode; readonly isDone: boolean }) => {
      if (mode === "truncate") waiting.shift()?.(isDone);
      else isBusy = false;
      if (isDone) checkpoints++;
    });
    started.on("error", () => {
      // The database could not be opened a second time; the main thread then checkpoints by itself, and later this is tried again.
      isBusy = false;
      worker = undefined;
      giveUp();
    });
    return started;
  }

  return {
    noteTransaction(rows) {
      pages += pagesPerTransaction + rows / rowsPerPage;
      if (pages < everyPages || isBusy) return;
      pages = 0;
      isBusy = true;
      worker ??= startWorker();
      worker.postMessage("passive" satisfies Mode);
    },
    emptyLog: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        worker ??= startWorker();
        worker.postMessage("truncate" satisfies Mode);
      }),
    get checkpoints() {
      return checkpoints;
    },
    async stop() {
      await worker?.terminate();
      giveUp();
    },
  };
}
